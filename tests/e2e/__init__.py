"""The whole stack as processes or in containers, through the doors that people, operators and integrators use.

`people` and `apprentice` make who and what a test is about, `looking`, `agreement`, `ordering`, `spans` and `reach` look at it, `waiting`,
`load`, `patience` and `sending` break it. Ids are fresh and zones each test's own, so all tests share one stack in any order.
"""
