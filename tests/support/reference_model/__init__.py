"""An independent model of the service, which the state machine test compares with the mock."""
