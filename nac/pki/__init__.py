"""Certificates: the built-in authority, what it issues and revokes, and whom nac trusts.

authority   root and issuing CA, made once          issue, server   certificates for devices, users, the server
revoke      record a revocation                     crl, ocsp       tell others of it (RFC 5280 5, RFC 6960)
show        what was issued, and its days left      trust           anchors, intermediates and lists that count
keystore    files that must stay secret             watch           which files have changed

Time is an argument everywhere: `now` is an aware UTC `datetime`.
"""
