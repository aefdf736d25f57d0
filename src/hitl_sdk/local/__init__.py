"""The review service on your own machine: engine, wire protocol, simulated people, and its faces."""
