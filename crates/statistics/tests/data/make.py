"""Writes the reference values beside this file: what SciPy, statsmodels and mpmath answer.

Made once and committed. To make them again:

    python -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0 mpmath==1.4.1
    venv/bin/python crates/statistics/tests/data/make.py

Values whose squares would overflow or vanish are answered for before they are multiplied by a power of two, which is
exact: `scale` is that power, and differences are to be multiplied by it. What has no function in these packages (the
intervals of effects) is computed here from its definition with their distributions; the definition is at each function.
"""

import json
import math
import pathlib
import platform
import warnings

import mpmath
import numpy as np
import scipy
import statsmodels
from scipy import optimize, special, stats
from scipy.stats._mannwhitneyu import _mwu_choose_method
from statsmodels.stats.multitest import multipletests

HERE = pathlib.Path(__file__).parent
LEVEL = 0.95
VERSIONS = {
    "python": platform.python_version(),
    "numpy": np.__version__,
    "scipy": scipy.__version__,
    "statsmodels": statsmodels.__version__,
    "mpmath": mpmath.__version__,
}
random = np.random.default_rng(20261122)


def write(name, cases):
    """One file: who answered, and the cases. Numbers are written so that they are read back bit for bit."""
    text = ",\n".join(json.dumps(case, allow_nan=False) for case in cases)
    (HERE / name).write_text(f'{{"made_by": {json.dumps(VERSIONS)},\n"cases": [\n{text}\n]}}\n')
    print(name, len(cases))


def finite(value):
    """None for what is no number: the test then expects none."""
    return float(value) if value is not None and math.isfinite(value) else None


def estimate(value, low=None, high=None):
    return {"value": finite(value), "low": finite(low), "high": finite(high)}


# Effects


def noncentral_t_ends(t, degrees):
    """Noncentralities at which a t as large, and one as small, has probability 0.025."""
    tail = (1 - LEVEL) / 2

    def end(target):
        def gap(noncentrality):
            return stats.nct.cdf(t, degrees, noncentrality) - target

        low, high = t - 1, t + 1
        while gap(low) < 0:
            low -= 0.5
        while gap(high) > 0:
            high += 0.5
        return optimize.brentq(gap, low, high, xtol=1e-13, rtol=1e-13)

    return end(1 - tail), end(tail)


def standardised(d, degrees, size):
    """Hedges' g with the exact correction; its interval is that of the noncentral t."""
    j = 1.0
    if degrees >= 2:
        j = math.exp(special.gammaln(degrees / 2) - special.gammaln((degrees - 1) / 2)) / math.sqrt(degrees / 2)
    t = d * math.sqrt(size)
    if abs(t) > 30:  # SciPy's noncentral t is not to be relied on that far out.
        return {"value": j * d}
    try:
        low, high = noncentral_t_ends(t, degrees)
    except ValueError:  # Nor does it have a number everywhere nearer.
        return {"value": j * d}
    return estimate(j * d, j * low / math.sqrt(size), j * high / math.sqrt(size))


def hedges_g(x, y):
    degrees = len(x) + len(y) - 2
    pooled = math.sqrt(((len(x) - 1) * x.var(ddof=1) + (len(y) - 1) * y.var(ddof=1)) / degrees)
    return standardised((x.mean() - y.mean()) / pooled, degrees, len(x) * len(y) / (len(x) + len(y)))


def cliffs_delta(x, y):
    """Feng and Cliff (2004): unbiased variance, asymmetric interval."""
    m, n = len(x), len(y)
    signs = np.sign(x[:, None] - y[None, :])
    delta = signs.mean()
    if abs(delta) == 1:
        return estimate(delta)
    rows = ((signs.mean(axis=1) - delta) ** 2).sum()
    columns = ((signs.mean(axis=0) - delta) ** 2).sum()
    variance = (n * n * rows + m * m * columns - ((signs - delta) ** 2).sum()) / (m * n * (m - 1) * (n - 1))
    variance = max(variance, (1 - delta**2) / (m * n - 1))
    z = stats.norm.ppf((1 + LEVEL) / 2)
    square = z * z * variance
    reach = math.sqrt(square * ((1 - delta**2) ** 2 + square))
    divisor = 1 - delta**2 + square
    return estimate(delta, (delta - delta**3 - reach) / divisor, (delta - delta**3 + reach) / divisor)


def rank_biserial(d):
    """Of pairs; the interval is normal over atanh with the spread that the null hypothesis gives."""
    d = d[d != 0]
    n = len(d)
    ranks = stats.rankdata(abs(d))
    value = (ranks[d > 0].sum() - ranks[d < 0].sum()) / ranks.sum()
    if abs(value) == 1:
        return estimate(value)
    spread = math.sqrt((2 * n**3 + 3 * n**2 + n) / 6) / ((n * n + n) / 2)
    reach = stats.norm.ppf((1 + LEVEL) / 2) * spread
    return estimate(value, math.tanh(math.atanh(value) - reach), math.tanh(math.atanh(value) + reach))


def explained(groups):
    """Share of the variance between groups; the interval is that of the noncentral F."""
    everything = np.concatenate(groups)
    between = sum(len(g) * (g.mean() - everything.mean()) ** 2 for g in groups)
    within = sum(((g - g.mean()) ** 2).sum() for g in groups)
    d1, d2 = len(groups) - 1, len(everything) - len(groups)
    value = between / (between + within)
    if within == 0:
        return estimate(value)
    f = (between / d1) / (within / d2)

    def end(target):
        def gap(noncentrality):
            return stats.ncf.cdf(f, d1, d2, noncentrality) - target

        if stats.f.cdf(f, d1, d2) <= target:
            return 0.0
        return optimize.brentq(gap, 1e-12, 10 * (f * d1 + 10), xtol=1e-13, rtol=1e-13)

    if f * d1 > 2000:
        return {"value": value}
    low, high = (noncentrality / (noncentrality + len(everything)) for noncentrality in (end(0.975), end(0.025)))
    return estimate(value, low, high)


# Tests


def answer(statistic, p, degrees=(), method="parametric", difference=None, effect=None):
    return {
        "statistic": float(statistic),
        "p": float(p),
        "degrees": [float(d) for d in degrees],
        "method": method,
        "difference": difference,
        "effect": effect,
    }


def independent(x, y):
    answers = {}
    for name, equal_var in (("student", True), ("welch", False)):
        if x.std() == 0 and y.std() == 0:
            continue
        result = stats.ttest_ind(x, y, equal_var=equal_var)
        interval = result.confidence_interval(LEVEL)
        difference = estimate(x.mean() - y.mean(), interval.low, interval.high)
        answers[name] = answer(
            result.statistic, result.pvalue, [result.df], difference=difference, effect=hedges_g(x, y)
        )
    result = stats.mannwhitneyu(x, y)
    method = _mwu_choose_method(len(x), len(y), len(set(np.concatenate([x, y]))) < len(x) + len(y))
    assert result.pvalue == stats.mannwhitneyu(x, y, method=method).pvalue
    answers["rank_sum"] = answer(result.statistic, result.pvalue, method=method, effect=cliffs_delta(x, y))
    return answers


def paired(x, y):
    d = x - y
    answers = {}
    if len(set(d)) > 1:
        result = stats.ttest_rel(x, y)
        interval = result.confidence_interval(LEVEL)
        answers["paired_t"] = answer(
            result.statistic,
            result.pvalue,
            [result.df],
            difference=estimate(d.mean(), interval.low, interval.high),
            effect=standardised(d.mean() / d.std(ddof=1), len(d) - 1, len(d)),
        )
    result = stats.wilcoxon(x, y)
    is_asymptotic = result.pvalue == stats.wilcoxon(x, y, method="asymptotic").pvalue
    # SciPy permutes all signs of few values with ties, which is exact too. Where all ways give 1, it is exact.
    method = "asymptotic" if is_asymptotic and result.pvalue < 1 else "exact"
    answers["signed_rank"] = answer(result.statistic, result.pvalue, method=method, effect=rank_biserial(d))
    return answers


def several(*groups):
    answers = {}
    degrees = [len(groups) - 1, sum(map(len, groups)) - len(groups)]
    if any(len(set(g)) > 1 for g in groups):
        result = stats.f_oneway(*groups)
        answers["anova"] = answer(result.statistic, result.pvalue, degrees, effect=explained(groups))
    result = stats.kruskal(*groups)
    ranks = np.split(stats.rankdata(np.concatenate(groups)), np.cumsum([len(g) for g in groups])[:-1])
    answers["kruskal"] = answer(
        result.statistic, result.pvalue, degrees[:1], method="asymptotic", effect=explained(ranks)
    )
    return answers


cases = []


def case(name, ask, *groups, exponent=0):
    groups = [np.asarray(g, dtype=float) for g in groups]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = ask(*groups)
    scaled = [[math.ldexp(v, exponent) for v in g] for g in groups]
    cases.append({"name": name, "scale": exponent, "groups": scaled, "answers": answers})


def normal(n, center=0.0, spread=1.0, digits=6):
    return np.round(random.normal(center, spread, n), digits)


SIZES = [(2, 2), (2, 5), (5, 2), (3, 3), (5, 5), (7, 9), (8, 8), (8, 9), (9, 8), (9, 9), (8, 200), (20, 35), (100, 90)]
for n, m in SIZES:
    case(f"normal {n} {m}", independent, normal(n, 0.3), normal(m))
    case(f"ties {n} {m}", independent, normal(n, 0.5, 2, 0), np.append(normal(m - 1, 0, 2, 0), 7.0))
    case(f"far apart, unequal spread {n} {m}", independent, normal(n, 6, 0.1), normal(m, 0, 2))
for n in (1000,):
    case("large", independent, normal(n, 0.05, 1, 4), normal(n, 0, 1.1, 4))
    case("large, few different values", independent, normal(n, 0.1, 1, 1), normal(n, 0, 1, 1))
    case("large and far apart", independent, normal(n, 2.5, 1, 3), normal(n, 0, 1, 3))
    case("three and large", independent, normal(3, 1, 1, 4), normal(n, 0, 1, 4))
case("negative", independent, normal(6, -300, 5), normal(5, -310, 8))
case("other side of zero", independent, normal(6, -3, 5), normal(7, 3, 5))
case("first constant", independent, [0.5] * 4, normal(5, 0.4, 0.1))
case("second constant", independent, normal(5, 0.4, 0.1), [0.25] * 3)
case("both constant, ranks only", independent, [0.5] * 4, [0.25] * 3)
case("mirror images", independent, [1, 2, 3, 4, 5.5], [5.5, 4, 3, 2, 1])
case("offset", independent, normal(8, 1e6, 1, 3), normal(9, 1e6 + 1, 1, 3))
case("accuracies", independent, [0.931, 0.929, 0.934, 0.930, 0.932], [0.926, 0.924, 0.927, 0.928, 0.925])
for exponent in (-1000, -500, -40, 40, 500, 1000):
    case(f"scale 2^{exponent}", independent, normal(6, 1, 1), normal(7, 0, 1.5), exponent=exponent)

PAIRS = [2, 3, 5, 8, 10, 13, 14, 20, 49, 50, 51, 100, 1000]
for n in PAIRS:
    digits = 4 if n == 1000 else 6
    case(f"pairs {n}", paired, normal(n, 0.3, 1, digits), normal(n, 0, 1, digits))
    # Multiples of an eighth: differences are exact, so that ties are ties.
    x, y = normal(n, 0.4, 2, 0) / 8, normal(n, 0, 2, 0) / 8
    x[0] = y[0] + 1
    case(f"pairs with ties and zeros {n}", paired, x, y)
case("pairs far apart", paired, normal(12, 50, 1), normal(12, 0, 1))
case("pairs of equal difference", paired, [2.0, 3.0, 5.0, 1.0], [1.0, 2.0, 4.0, 0.0])
case("pairs, all lower", paired, [1.0, 2.5, 3.0, 7.0, 4.0], [2.0, 4.0, 5.5, 11.0, 9.0])
case("pairs, ties without zeros, thirteen", paired, np.array([1, -1, 2, 2, 3, -3, 4, 5, 5, 6, 7, -2, 9.0]), np.zeros(13))
case("pairs, ties without zeros, fourteen", paired, np.array([1, -1, 2, 2, 3, -3, 4, 5, 5, 6, 7, -2, 9, 1.0]), np.zeros(14))
case("pairs, large and far apart", paired, normal(1000, 2, 0.5, 3), normal(1000, 0, 0.5, 3))
for exponent in (-1000, 500, 1000):
    case(f"pairs at scale 2^{exponent}", paired, normal(9, 1, 1), normal(9), exponent=exponent)

for k, n in [(2, 2), (2, 6), (3, 2), (3, 5), (4, 10), (5, 3), (10, 10), (3, 300)]:
    digits = 4 if n == 300 else 6
    case(f"{k} groups of {n}", several, *[normal(n, 0.3 * i, 1, digits) for i in range(k)])
    case(f"{k} groups of {n} with ties", several, *[np.append(normal(n - 1, 0.3 * i, 2, 0), i) for i in range(k)])
case("groups of unequal size", several, normal(2), normal(7, 1), normal(30, 0.5), normal(4, -1))
case("groups far apart", several, normal(40, 0), normal(40, 8), normal(40, 16))
case("one constant group", several, [1.0] * 4, normal(5, 1.2), normal(6, 0.8))
case("all constant, ranks only", several, [1.0] * 3, [2.0] * 3, [1.0] * 3)
case("equal means", several, [1.0, 2.0, 3.0], [0.0, 2.0, 4.0], [2.0, 1.5, 2.5])
case("groups, large tail", several, normal(1000, 0, 1, 3), normal(500, 2.2, 1, 3), normal(500, -2, 1, 3))
for exponent in (-1000, 500, 1000):
    case(f"groups at scale 2^{exponent}", several, normal(5), normal(6, 1), normal(4, 2), exponent=exponent)
write("tests.json", cases)
print("answers", sum(len(c["answers"]) for c in cases))

# One group


def describe(values):
    values = np.asarray(values, dtype=float)
    n = len(values)
    low = high = None
    if values.std() > 0:
        low, high = stats.t.interval(LEVEL, n - 1, values.mean(), stats.sem(values))
    elif n > 1:  # SciPy has no interval without a spread; by the formula it is the mean.
        low = high = values[0]
    return {
        "values": values.tolist(),
        "mean": estimate(values.mean(), low, high),
        "deviation": finite(values.std(ddof=1)) if n > 1 else None,
        "error": finite(stats.sem(values)) if n > 1 else None,
        "quantiles": [[q, float(np.quantile(values, q))] for q in (0, 0.01, 0.25, 1 / 3, 0.5, 0.75, 0.9, 1)],
    }


write(
    "describe.json",
    [describe(normal(n, 0.7, 0.2)) for n in (1, 2, 3, 4, 5, 10, 33, 100, 1000)]
    + [describe(v) for v in ([3.0, 3.0, 3.0], [-1e6, 1e-6, 1e6], [1e-150, 2e-150, 4e-150], normal(20, 0, 2, 0))],
)

# Families

families = [random.uniform(0, 1, n).tolist() for n in (1, 2, 3, 10, 200)]
families += [[0.01, 0.01, 0.01], [0.0, 1.0, 0.5], [1e-300, 1e-200, 0.04, 0.03], [0.05] * 7, (random.uniform(0, 1, 30) ** 4).tolist()]
write("holm.json", [{"p": p, "corrected": multipletests(p, method="holm")[1].tolist()} for p in families])

# Bootstrap: SciPy's resamples, for which the intervals are exact, and its intervals of many, for which they are near


def difference_of_means(x, y, axis=-1):
    return np.mean(x, axis=axis) - np.mean(y, axis=axis)


def bootstrap(x, y, resamples):
    ends = {}
    for method in ("percentile", "BCa"):
        result = stats.bootstrap(
            (x, y), difference_of_means, n_resamples=resamples, method=method, confidence_level=LEVEL,
            rng=np.random.default_rng(5), vectorized=True,
        )
        ends[method.lower()] = list(result.confidence_interval)
    distribution = result.bootstrap_distribution
    return {
        "first": x.tolist(),
        "second": y.tolist(),
        "resamples": distribution.tolist() if resamples < 1000 else [],
        "error": float(result.standard_error),
        **ends,
    }


shapes = [(5, 5), (7, 4), (12, 30), (40, 25), (100, 100)]
pairs = [(normal(n, 0.4), normal(m)) for n, m in shapes]
pairs += [(np.round(random.exponential(1, n), 6), np.round(random.exponential(1.4, m), 6)) for n, m in shapes]
write("bootstrap.json", [bootstrap(x, y, 499) for x, y in pairs] + [bootstrap(x, y, 200_000) for x, y in pairs])

# Distributions, with 60 digits; tails down to 1e-300 and below

mpmath.mp.dps = 60


def t_two_sided(t, degrees):
    t, v = mpmath.mpf(t), mpmath.mpf(degrees)
    return mpmath.betainc(v / 2, mpmath.mpf(1) / 2, 0, v / (v + t * t), regularized=True)


def f_tail(f, d1, d2):
    f, d1, d2 = map(mpmath.mpf, (f, d1, d2))
    return mpmath.betainc(d2 / 2, d1 / 2, 0, d2 / (d2 + d1 * f), regularized=True)


def chi_square_tail(x, degrees):
    return mpmath.gammainc(mpmath.mpf(degrees) / 2, mpmath.mpf(x) / 2, regularized=True)


def normal_tail(z):
    return mpmath.erfc(mpmath.mpf(z) / mpmath.sqrt(2)) / 2


def t_below(t, degrees, noncentrality):
    """P(T <= t) as an integral over the spread."""
    t, v, d = map(mpmath.mpf, (t, degrees, noncentrality))
    density = lambda s: mpmath.exp((v - 1) * mpmath.log(s) - v * s * s / 2) if s > 0 else mpmath.mpf(0)
    spread = 1 / mpmath.sqrt(2 * v)
    cuts = sorted({mpmath.mpf(0), *(max(mpmath.mpf(0), 1 + k * spread) for k in range(-12, 13, 2)), mpmath.mpf(3) + 30 * spread})
    whole = mpmath.gamma(v / 2) * mpmath.power(2, v / 2 - 1) / mpmath.power(v, v / 2)
    return mpmath.quad(lambda s: mpmath.ncdf(t * s - d) * density(s), cuts) / whole


def f_below(f, d1, d2, noncentrality):
    f, d1, d2, h = map(mpmath.mpf, (f, d1, d2, noncentrality / 2))
    x = d1 * f / (d2 + d1 * f)
    terms = (
        mpmath.exp(-h) * h**j / mpmath.factorial(j) * mpmath.betainc(d1 / 2 + j, d2 / 2, 0, x, regularized=True)
        for j in range(int(h + 20 * mpmath.sqrt(h) + 40))
    )
    return mpmath.fsum(terms)


def values(function, *rows):
    return [{"function": function.__name__, "at": list(row), "value": float(function(*row))} for row in rows]


table = values(normal_tail, *[(z,) for z in (-38.0, -5.0, -1.0, 0.0, 1e-9, 0.3, 1.0, 1.96, 3.0, 8.0, 20.0, 37.0, 38.0)])
table += values(
    t_two_sided,
    *[(t, v) for v in (1.0, 1.5, 2.0, 4.7, 8.0, 30.0, 198.0, 1998.0, 1e5, 1e7) for t in (1e-8, 0.1, 1.0, 2.5, 12.0, 36.0)],
    (1e300, 1.0), (1e100, 2.0), (1e37, 8.0), (1e9, 33.0), (95.0, 1998.0), (60.0, 1998.0),
)
table += values(
    f_tail,
    *[(f, a, b) for a, b in ((1.0, 2.0), (2.0, 3.0), (9.0, 90.0), (2.0, 1997.0), (99.0, 900.0), (5.0, 1e6)) for f in (1e-6, 0.5, 1.0, 3.0, 20.0, 250.0)],
    (1e150, 2.0, 4.0), (990.0, 2.0, 1997.0),
)
table += values(
    chi_square_tail,
    *[(x, v) for v in (1.0, 2.0, 3.0, 9.0, 99.0, 1998.0) for x in (1e-6, 0.5, 1.0, 3.8, 30.0, 120.0, 1360.0)],
    (2000.0, 1998.0), (2400.0, 1998.0), (1e5, 1e5), (1.02e5, 1e5),
)
table += values(
    t_below,
    *[(t, v, d) for v in (1.0, 2.0, 8.0, 38.0, 198.0) for t, d in ((0.5, 0.0), (0.5, -2.0), (2.0, 1.0), (2.0, 4.0), (15.0, 12.0), (15.0, 20.0))],
    (90.0, 20.0, 80.0), (300.0, 8.0, 280.0),
)
table += values(
    f_below,
    *[(f, a, b, n) for a, b in ((1.0, 2.0), (2.0, 12.0), (9.0, 90.0)) for f, n in ((0.4, 0.0), (0.4, 1.0), (3.0, 5.0), (3.0, 40.0), (30.0, 70.0))],
    (200.0, 3.0, 50.0, 500.0),
)
write("distributions.json", table)
