"""The measurements, a file each. Each has

    FIGURES     what it finds: key -> (what it is, its unit)
    measure(b)  one round of it: key -> value, or a list of values; keys it cannot find are left out

where b is a bench.Bench.
"""
