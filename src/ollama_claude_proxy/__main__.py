"""`python -m ollama_claude_proxy` is `ocp`."""

from ollama_claude_proxy.cli import main

if __name__ == "__main__":
    main()
