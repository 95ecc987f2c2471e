"""Candles and volumes of recorded trades, by Python's exact decimals: a calculation that shares nothing with the project.

usage: candles.py RECORDINGS SECONDS [late]      late: every trade moved into the last half second of its bucket
"""
import gzip, hashlib, json, sys
from datetime import datetime, timezone
from decimal import Decimal, getcontext

getcontext().prec = 100
folder, seconds, late = sys.argv[1], int(sys.argv[2]), sys.argv[3:] == ["late"]
width = seconds * 1_000_000

trades = {}
for line in gzip.open(f"{folder}/trades-2016/pages.ndjson.gz", "rt"):
    for trade in json.loads(line)["body"]:
        trades[trade["trade_id"]] = trade


def micros(text):
    whole, _, fraction = text.rstrip("Z").partition(".")
    second = datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp()
    return int(second) * 1_000_000 + int(fraction.ljust(6, "0"))


def plain(decimal):
    text = format(decimal, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


candles, sides = {}, {}
for trade_id in sorted(trades):
    trade = trades[trade_id]
    time = micros(trade["time"])
    if late:
        time = time - time % width + width - 500_000 + time % 500_000
    bucket = time // width * seconds
    price, size = Decimal(trade["price"]), Decimal(trade["size"])
    old = candles.get(bucket)
    if old is None:
        candles[bucket] = [price, price, price, price, size, price * size, 1]
    else:
        candles[bucket] = [old[0], max(old[1], price), min(old[2], price), price, old[4] + size, old[5] + price * size, old[6] + 1]
    taker = {"buy": "sell", "sell": "buy"}[trade["side"]]
    volume, value, count = sides.get((bucket, taker), (Decimal(0), Decimal(0), 0))
    sides[(bucket, taker)] = (volume + size, value + price * size, count + 1)


def stamp(bucket):
    return datetime.fromtimestamp(bucket, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def report(rows):
    text = "".join(",".join(row) + "\n" for row in rows)
    print(len(rows), hashlib.sha256(text.encode()).hexdigest())


print(len(trades), plain(sum(c[4] for c in candles.values())), plain(sum(c[5] for c in candles.values())))
report([["BTC-USD", stamp(b), *map(plain, c[:6]), str(c[6])] for b, c in sorted(candles.items())])
report([["BTC-USD", stamp(b), side, plain(v), plain(q), str(n)] for (b, side), (v, q, n) in sorted(sides.items())])
