"""
The HTTP API under `/api/v1`: for programs what the pages are for people.

A program shows an API token and acts for the one who made it: never more than they may do with
the pages, less where the token's scopes say so, and never with their signature.

    app        puts it together: routers, errors, the wrapper that names the token in the audit
    access     whom each endpoint is for, and which scope it needs: one table
    guard      who asks: the token, its scopes, its owner's rights, how often
    problems   every error as `application/problem+json` (RFC 9457)
    shapes     what is read and written, shared by several parts
    paging     lists in parts: `after`, and `next` for the rest
    schema     the OpenAPI document
    the rest   one module for each part of the school's work
"""
