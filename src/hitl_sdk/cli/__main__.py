"""`python -m hitl_sdk.cli`: the `hitl` command without its script."""

from hitl_sdk.cli import main

if __name__ == "__main__":
    main()
