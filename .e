usage: pydarknet <command> [words] [flags]; pydarknet --help lists the commands
