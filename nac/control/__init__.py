"""The running server's own line: one JSON request and one JSON answer over a UNIX socket in the state folder.

Only the user that runs the server can open it (the folder is 0700, the socket 0600).
"""
