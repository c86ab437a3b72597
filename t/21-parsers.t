#!/bin/sh
# JSON and UTF-8 parsers compared with another implementation.
PATH=/usr/bin:/bin:$PATH
exec python3 t/tool/json-diff.py build/tool/parse 20000
