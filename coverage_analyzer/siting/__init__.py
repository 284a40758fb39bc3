"""Where new centers should be: plans with a proved bound. `model` asks, `planner` answers."""
