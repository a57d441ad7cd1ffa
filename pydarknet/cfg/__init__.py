"""The cfg language: text, options, [net], class trees; without torch."""
