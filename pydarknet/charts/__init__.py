"""Pictures of numbers, drawn by matplotlib: of trainings, evaluations and anchors."""
