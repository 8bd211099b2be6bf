"""The book's own machinery: what `make` calls. No chapter imports it.

- ``python -m bookkit assets``: the browser assets from npm into ``assets/vendor``
- ``python -m bookkit site``: the site from the chapters' stored outputs
- ``python -m bookkit run``: every chapter executed again, in place
"""
