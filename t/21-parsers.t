#!/bin/sh
# JSON and UTF-8 are read as another implementation reads them.
exec python3 t/tool/json-diff.py build/tool/parse 20000
