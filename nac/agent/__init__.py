"""The posture agent: looks at the device it runs on, signs what it finds with the device's own key, and reports it.

    root, commands      what may be read of the device, and the few programs that may be asked (program)
    machine             what checks are given: the two above, processes, listeners, settings, the time
    checks/             one file for each check; `platforms/` says which of them a platform has
    observation         all findings of one moment
    report, jws, jose   the findings as a signed JWT (EAT, RFC 9711)
    signer, pkcs11      the device's identity: its certificate, and its key in a file, a token or a TPM
    counter, boot       what makes a report the next one of this device
    client, answer      the conversation with the server, over a wire for each place of the key
    watch, run          what is noticed within seconds, and when to report it

Nothing here needs the server's database or data plane: `tests/agent/test_agent_alone.py`.
"""
