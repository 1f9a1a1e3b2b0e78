from chassis.migrate import run

run()
