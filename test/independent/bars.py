"""Bars and candles of the matches in recordings, by Python's exact decimals: a calculation that shares nothing with the project.

usage: bars.py FRAMES...      recordings, one frame a line, bare or after a stamp, gzipped or not; read one after another

Prints one JSON object: the rows of the views `bars_1s` and `bars_1m` and of `candles` in seconds and in minutes; under
`coinbase_bars_1s` and `coinbase_bars_1m` the row of each window after each of its trades, in the order of the frames: what
a table may hold; under `late` how many trades came too late for a bar. Decimals are plain, without trailing zeros.

A trade that comes again is left out. A bar takes a trade until its partition has seen one from a day after the bar's end, in milliseconds. A product's partition
is that of Apache Kafka's default partitioner (murmur2 of the key) among six.
"""
import gzip, json, sys
from datetime import datetime, timezone
from decimal import Decimal, getcontext

getcontext().prec = 100
partitions, grace = 6, 24 * 60 * 60 * 1000
taker_of = {"buy": "sell", "sell": "buy"}


def murmur2(data):
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = 0x9747B28C ^ len(data)
    whole = len(data) - len(data) % 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k = (k ^ (k >> 24)) * m & mask
        h = (h * m & mask) ^ k
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ (h >> 13)) * m & mask
    return h ^ (h >> 15)


def partition_of(product):
    return (murmur2(product.encode()) & 0x7FFFFFFF) % partitions


def micros(text):
    whole, _, fraction = text.rstrip("Z").partition(".")
    second = datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp()
    return int(second) * 1_000_000 + int(fraction[:6].ljust(6, "0"))


def stamp(millis):
    return datetime.fromtimestamp(millis // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def plain(decimal):
    text = format(decimal, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def matches(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            # A line that is none is quarantined.
            if line.rstrip().endswith("}"):
                frame = json.loads(line[line.index("{") :])
                if frame["type"] == "match":
                    yield frame


def distinct(frames):
    """Without the trades that came before, in the same file or another: with the same members but the sequence."""
    seen = set()
    for frame in frames:
        trade = json.dumps({name: value for name, value in frame.items() if name != "sequence"}, sort_keys=True)
        if trade not in seen:
            seen.add(trade)
            yield frame


class Bar:
    def __init__(self, product, start):
        self.product, self.start = product, start
        self.ends = self.high = self.low = None
        self.sums = {"buy": (Decimal(0), Decimal(0), 0), "sell": (Decimal(0), Decimal(0), 0)}

    def add(self, trade_id, price, size, taker):
        (first, last) = self.ends or ((trade_id, price), (trade_id, price))
        self.ends = min(first, (trade_id, price)), max(last, (trade_id, price))
        self.high = price if self.high is None else max(self.high, price)
        self.low = price if self.low is None else min(self.low, price)
        volume, value, count = self.sums[taker]
        self.sums[taker] = volume + size, value + price * size, count + 1

    def candle(self):
        bought, sold = self.sums["buy"], self.sums["sell"]
        return {
            "product_id": self.product,
            "time": stamp(self.start),
            "open": plain(self.ends[0][1]),
            "high": plain(self.high),
            "low": plain(self.low),
            "close": plain(self.ends[1][1]),
            "volume": plain(bought[0] + sold[0]),
            "value": plain(bought[1] + sold[1]),
            "trades": bought[2] + sold[2],
        }

    def stored(self):
        volume, value, count = self.sums["buy"]
        return self.candle() | {"buy_volume": plain(volume), "buy_value": plain(value), "buys": count}

    def bar(self):
        volume, value, count = self.sums["sell"]
        return self.stored() | {"sell_volume": plain(volume), "sell_value": plain(value), "sells": count}


answer = {"late": {}}
for name, width in (("1s", 1000), ("1m", 60_000)):
    now, bars, candles, stored, late = {}, {}, {}, [], 0
    for frame in distinct(frame for path in sys.argv[1:] for frame in matches(path)):
        product, millis = frame["product_id"], micros(frame["time"]) // 1000
        trade = frame["trade_id"], Decimal(frame["price"]), Decimal(frame["size"]), taker_of[frame["side"]]
        start = millis - millis % width
        candles.setdefault((product, start), Bar(product, start)).add(*trade)
        partition = partition_of(product)
        now[partition] = max(now.get(partition, millis), millis)
        if start + width + grace <= now[partition]:
            late += 1
            continue
        bar = bars.setdefault((product, start), Bar(product, start))
        bar.add(*trade)
        stored.append(bar.stored())
    answer["late"][f"bars_{name}"] = late
    answer[f"bars_{name}"] = [bar.bar() for _, bar in sorted(bars.items())]
    answer[f"candles_{name}"] = [candle.candle() for _, candle in sorted(candles.items())]
    answer[f"coinbase_bars_{name}"] = stored
json.dump(answer, sys.stdout)
