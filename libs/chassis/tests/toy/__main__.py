from chassis.launch import launch

launch("toy")
