#!/usr/bin/env python3
"""Prints a .looptrace file in the text form: decode_trace.py FILE.

Written from Sources/Trace/FORMAT.md alone, to hold that page against what the program writes. Where the file is not as
the page says, it raises.
"""
import ctypes
import ctypes.util
import struct
import sys
import unicodedata
import zlib

MASK = (1 << 64) - 1
CALLBACKS = "unknown timer io ready thread signal child task deferred runtime".split()
TRIGGERS = "unknown callback poll timer thread signal start".split()
OPERATIONS = "unknown deferred timer thread read write listener connect child signal task".split()
OUTCOMES = "success failure cancelled dropped".split()
REASONS = "unknown overwritten unwritable damaged".split()


def signed(number):
    number &= MASK
    return number - (1 << 64) if number >> 63 else number


def zigzag(number):
    return -((number + 1) >> 1) if number & 1 else number >> 1


def name(names, number):
    return names[number] if number < len(names) else names[0]


# The text form.


def seconds(count):
    count = signed(count)
    return "%s%d.%09d" % ("-" if count < 0 else "", abs(count) // 10**9, abs(count) % 10**9)


def quoted(text):
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    hidden = ("Cc", "Cf", "Zl", "Zp", "Cs")
    return '"%s"' % "".join(
        escapes.get(c) or ("\\u{%x}" % ord(c) if unicodedata.category(c) in hidden else c) for c in text)


# Chunks.


class Zstd:
    library = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    library.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]

    @classmethod
    def unpack(cls, packed, size):
        buffer = ctypes.create_string_buffer(max(size, 1))
        count = cls.library.ZSTD_decompress(buffer, size, packed, len(packed))
        assert count == size, "the frame has another length than the header says"
        return buffer.raw[:size]


class Chunk:
    def __init__(self, data, at):
        header = data[at:at + 128]
        assert header[:8] == b"\x89LTC\r\n\x1a\n", "no chunk at %d" % at
        assert zlib.crc32(header[12:]) == struct.unpack_from("<I", header, 8)[0], "a chunk header's CRC"
        self.kind, self.codec, self.anchors, self.loop = struct.unpack_from("<HBBH", header, 12)
        self.count, self.first, self.begin, self.end = struct.unpack_from("<IQqq", header, 20)
        stored, raw, crc, self.lost = struct.unpack_from("<IIII", header, 48)
        assert struct.unpack_from("<Q", header, 120)[0] == at, "a chunk that stands elsewhere"
        packed = data[at + 128:at + 128 + stored]
        assert len(packed) == stored and zlib.crc32(packed) == crc, "a payload's CRC"
        self.header = header
        self.payload = Zstd.unpack(packed, raw) if self.codec == 1 else packed
        self.next = at + 128 + stored


def chunks(data):
    assert data[:8] == b"\x89LTR\r\n\x1a\n", "no trace"
    assert struct.unpack_from("<H", data, 8)[0] == 1, "another major version"
    assert zlib.crc32(data[:60]) == struct.unpack_from("<I", data, 60)[0], "the file header's CRC"
    at = 64
    found = []
    while at < len(data):
        found.append(Chunk(data, at))
        at = found[-1].next
    check_index(data, found)
    return found


def check_index(data, found):
    """The index says what hopping finds."""
    last = found[-1]
    assert last.kind == 4 and last.next == len(data), "not closed in good order"
    listed = b"".join(c.payload for c in found if c.kind == 3)
    assert listed == b"".join(c.header for c in found if c.kind not in (3, 4)), "the index"
    assert last.count == sum(1 for c in found if c.kind == 3), "the count of index chunks"
    assert data[last.first:last.first + 8] == b"\x89LTC\r\n\x1a\n", "the first index chunk's offset"


class Definitions:
    def __init__(self):
        self.loops, self.sites = {}, {}

    def add(self, payload):
        self.data, self.at = payload, 0
        loop, loops, site, sites = self.take("<IIII")
        for number in range(loop + 1, loop + 1 + loops):
            pid, started, thread = self.take("<iQi")
            texts = [self.text() for _ in range(4)]
            self.loops[number] = (pid, started, thread, *texts)
        for number in range(site, site + sites):
            line, = self.take("<I")
            function, file = self.text(), self.text()
            self.sites[number] = (function, file, line)

    def take(self, form):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values

    def text(self):
        length, = self.take("<I")
        self.at += length
        return self.data[self.at - length:self.at].decode("utf-8", "replace")

    def lines(self):
        yield "looptop-text 1"
        processes = []
        for number, (pid, started, thread, command, runtime, loop, poll) in sorted(self.loops.items()):
            process = (pid, started, command, runtime)
            if process not in processes:
                processes.append(process)
                yield "process %d pid=%d started=%d command=%s runtime=%s" % (
                    len(processes), pid, started, quoted(command), quoted(runtime))
            yield "loop %d process=%d name=%s thread=%d poll=%s" % (
                number, processes.index(process) + 1, quoted(loop), thread, poll)
        for number, (function, file, line) in sorted(self.sites.items()):
            yield "site %d %s %s %d" % (number, quoted(function), quoted(file), line)


# Events.


class Columns:
    def __init__(self, payload):
        count, _ = struct.unpack_from("<HH", payload, 0)
        self.columns, self.positions = {}, {}
        at = 4 + 8 * count
        for index in range(count):
            number, packing, width, length = struct.unpack_from("<HBBI", payload, 4 + 8 * index)
            assert packing == 0 and 1 <= width <= 8, "a column's packing"
            planes = [payload[at + p * length:at + (p + 1) * length] for p in range(width)]
            self.columns[number] = [sum(plane[i] << 8 * p for p, plane in enumerate(planes)) for i in range(length)]
            at += width * length
        assert at == len(payload), "bytes that belong to no column"
        self.texts = bytes(self.columns.get(4, []))
        self.text_at = 0

    def next(self, column):
        position = self.positions.get(column, 0)
        self.positions[column] = position + 1
        return self.columns[column][position]

    def delta(self, column):
        return zigzag(self.next(column))

    def text(self):
        length = self.next(3)
        self.text_at += length
        return self.texts[self.text_at - length:self.text_at].decode("utf-8", "replace")

    def check_end(self):
        for column, values in self.columns.items():
            if column not in (1, 4):
                assert self.positions.get(column, 0) == len(values), "column %d has more than was taken" % column
        assert self.text_at == len(self.texts), "texts that nothing took"


class Events:
    """One chunk's, with the context that its fields are foretold from."""

    def __init__(self, chunk):
        self.columns = Columns(chunk.payload)
        self.loop, self.count = chunk.loop, chunk.count
        self.time, self.base = (self.columns.next(2) for _ in range(2))
        self.spans, self.ended = [], 0
        self.known, self.queue = [], []
        self.last_chain = self.last_outside = self.last_timeout = self.last_deadline = self.pool_ended = 0
        self.polled = signed(chunk.begin)
        self.next_known, self.delay, self.next_queued = {}, {}, 0
        self.usage, self.counter = [0] * 5, 0

    def lines(self):
        shapes = self.columns.columns.get(1, [])
        for index in range(self.count):
            self.shape = shapes[self.columns.next(0)]
            self.index, self.kind = index, self.shape & 0xFF
            self.flags, self.first = self.shape >> 8 & 0xFF, self.shape >> 16 & 0xFF
            self.second, self.site = self.shape >> 24 & 0xFF, self.shape >> 32
            self.time = signed(self.time + self.delta(0))
            yield "%d %s %s" % (self.loop, seconds(self.time), self.KINDS[self.kind](self))
        self.columns.check_end()

    # What fields are made of.

    def field(self, number):
        return self.columns.next(16 * self.kind + number)

    def delta(self, number):
        return zigzag(self.field(number))

    def top(self):
        return self.spans[-1] if self.spans else [0, 0, 0]

    def own_id(self, number):
        self.base = self.base + self.delta(number) & MASK
        return self.base + self.index & MASK

    def operation(self, mode, number):
        """The operation, its chain, and its due time or moment."""
        if mode == 0:
            return 0, 0, None
        if mode == 1:
            return self.top()[1], self.top()[2], None
        if mode == 2:
            return self.ended, 0, None
        if mode == 3:
            at = self.next_queued + self.delta(number)
            self.next_queued = at + 1
            assert at >= 0, "an entry ahead of the list"
            return self.queue[at]
        if mode == 4:
            at = self.next_known.get(self.shape, 0) + self.delta(number)
            self.next_known[self.shape] = at + 1
            assert at >= 0, "an entry ahead of the list"
            return self.known[at]
        assert mode == 5, "an operation's mode"
        self.last_outside = self.last_outside + self.columns.delta(5) & MASK
        self.known.append((self.last_outside, 0, None))
        return self.last_outside, 0, None

    def chain(self, mode, number):
        if mode == 3:
            self.last_chain = self.last_chain + self.delta(number) & MASK
            return self.last_chain
        return (0, self.top()[2], self.top()[0])[mode]

    def creator(self, mode, number):
        if mode < 2:
            return self.top()[0] if mode else 0
        return self.top()[0] + self.delta(number) & MASK

    # What fields look like in text.

    def id(self, key, raw):
        if raw == 0:
            return ""
        loop, serial = raw >> 48, raw & (1 << 48) - 1
        return " %s=%s%d" % (key, "" if loop == self.loop else "%d:" % loop, serial)

    def moment(self, key, time):
        return "" if time is None else " %s=%s" % (key, seconds(time))

    def created_text(self, id, kind, site, chain, creator, due, descriptor, standing):
        return (self.id("op", id) + " kind=%s site=%d" % (name(OPERATIONS, kind), site) + self.id("chain", chain)
                + self.id("by", creator) + self.moment("due", due)
                + ("" if descriptor is None else " fd=%d" % descriptor) + (" standing" if standing else ""))

    def began_text(self, id, kind, trigger, site, operation, ready, starts):
        return (self.id("span", id) + " kind=%s trigger=%s site=%d" % (
            name(CALLBACKS, kind), name(TRIGGERS, trigger), site)
            + self.id("op", operation) + self.moment("ready", ready) + (" starts-chain" if starts else ""))

    # The kinds of event.

    def loop_began(self):
        return "loop-begin"

    def loop_ended(self):
        return "loop-end"

    def poll_entered(self):
        mode = self.flags & 3
        timeout = None
        if mode == 1:
            timeout = 0
        elif mode == 2:
            timeout = self.last_timeout
        elif mode == 3:
            self.last_deadline = signed(self.last_deadline + self.delta(1))
            timeout = self.last_timeout = signed(self.last_deadline - self.time)
        self.spans = []
        return "poll-enter" + self.moment("timeout", timeout)

    def poll_returned(self):
        self.polled = self.time
        return "poll-return ready=%d" % self.field(1)

    def created(self):
        flags = self.flags
        id = self.own_id(1)
        chain = self.chain(flags & 3, 2)
        creator = self.creator(flags >> 2 & 3, 3)
        due = descriptor = None
        if flags & 0x20:
            self.delay[self.shape] = self.delay.get(self.shape, 0) + self.delta(4)
            due = signed((self.time if self.second == 1 else self.polled) + self.delay[self.shape])
        if flags & 0x40:
            descriptor = self.delta(5)
        self.known.append((id, chain, due))
        return "created" + self.created_text(id, self.first, self.site, chain, creator, due, descriptor, flags & 0x10)

    def queued(self):
        flags = self.flags
        mode = flags >> 4 & 7
        id = self.operation(mode, 1)[0] if mode else self.own_id(5)
        moment = self.pool_ended if flags & 0x80 else signed(self.time - self.delta(2))
        chain = self.chain(flags & 3, 3)
        creator = self.creator(flags >> 2 & 3, 4)
        self.queue.append((id, chain, moment))
        return "queued" + self.id("op", id) + self.moment("at", moment) + " kind=%s trigger=%s site=%d" % (
            name(CALLBACKS, self.first), name(TRIGGERS, self.second), self.site) + self.id("chain", chain) + self.id(
                "by", creator)

    def began(self):
        flags = self.flags
        id = self.own_id(1)
        operation, chain, moment = self.operation(flags & 7, 2)
        mode, starts = flags >> 3 & 3, flags & 0x20
        ready = None
        if mode == 1:
            ready = moment
        elif mode == 2:
            ready = signed(self.time - self.delta(3))
        self.spans.append([id, operation, id if starts else chain])
        return "begin" + self.began_text(id, self.first, self.second, self.site, operation, ready, starts)

    def ended_span(self):
        if self.flags & 1:
            id = self.top()[0] + self.delta(1) & MASK
        else:
            id, operation, _ = self.top()
            if self.spans:
                self.spans.pop()
                self.ended = operation
        return "end" + self.id("span", id) + (" threw" if self.flags & 2 else "")

    def settled(self):
        operation = self.operation(self.flags & 7, 1)[0]
        text = " text=" + quoted(self.columns.text()) if self.flags & 0x80 else ""
        return "settled" + self.id("op", operation) + " outcome=" + OUTCOMES[self.first] + text

    def awaits(self):
        operation = self.operation(self.flags & 7, 1)[0]
        other = self.operation(self.flags >> 3 & 7, 2)[0]
        return "awaits" + self.id("op", operation) + self.id("on", other)

    def chain_named(self):
        chain = self.chain(self.flags & 3, 1)
        if self.spans:
            self.spans[-1][2] = chain
        return "chain-named" + self.id("chain", chain) + " name=" + quoted(self.columns.text())

    def marked(self):
        return "mark text=" + quoted(self.columns.text())

    def watched(self):
        descriptor = self.delta(1)
        return "watched fd=%d label=%s" % (descriptor, quoted(self.columns.text()))

    def unwatched(self):
        return "unwatched fd=%d" % self.delta(1)

    def pool(self):
        return "pool queued=%d running=%d" % (self.field(1), self.field(2))

    def pool_call(self):
        operation = self.operation(self.flags & 7, 1)[0]
        moment = signed(self.time - self.delta(2))
        if self.kind == 17:
            self.pool_ended = moment
        return ("pool-begin" if self.kind == 16 else "pool-end") + self.id("op", operation) + self.moment("at", moment)

    def unhandled(self):
        operation = self.operation(self.flags & 7, 1)[0]
        return "unhandled" + self.id("op", operation) + " text=" + quoted(self.columns.text())

    def used(self):
        self.usage = [signed(last + self.delta(1 + index)) for index, last in enumerate(self.usage)]
        return "used cpu=%s voluntary=%d involuntary=%d minor=%d major=%d" % (seconds(self.usage[0]), *self.usage[1:])

    def anchor(self):
        self.counter = self.counter + self.delta(1) & MASK
        monotonic = signed(self.time + self.delta(2))
        boottime = signed(monotonic + self.delta(3))
        realtime = signed(monotonic + self.delta(4))
        return "anchor counter=%d monotonic=%s boottime=%s realtime=%s" % (
            self.counter, seconds(monotonic), seconds(boottime), seconds(realtime))

    def gap(self):
        start, end = signed(self.time - self.delta(1)), signed(self.time - self.delta(2))
        events = " events=%d" % self.field(3) if self.flags & 1 else ""
        return "gap from=%s to=%s%s reason=%s" % (seconds(start), seconds(end), events, name(REASONS, self.first))

    def checkpoint(self):
        ready, queued, running, unlisted = (self.field(f) for f in (1, 2, 3, 4))
        lengths = [self.field(f) for f in (5, 6, 7, 8)]
        text = "checkpoint ready-queue=%d pool-queued=%d pool-running=%d unlisted=%d" % (
            ready, queued, running, unlisted)
        self.previous = 0
        for row, length in zip((self.open_operation, self.open_span, self.named_chain, self.descriptor), lengths):
            for _ in range(length):
                text += "\n  " + row()
        return text

    # The rows of a checkpoint.

    def open_operation(self):
        column = lambda field: self.columns.next(16 * 24 + field)
        created = signed(self.time - zigzag(column(0)))
        id = self.previous = self.previous + zigzag(column(1)) & MASK
        bits, kind, site = column(2), column(3), column(4)
        chain = id - column(5) & MASK if bits & 2 else 0
        creator = id - column(6) & MASK if bits & 4 else 0
        due = signed(self.time + zigzag(column(7))) if bits & 8 else None
        descriptor = zigzag(column(8)) if bits & 16 else None
        return "op created=" + seconds(created) + self.created_text(
            id, kind, site, chain, creator, due, descriptor, bits & 1)

    def open_span(self):
        column = lambda field: self.columns.next(16 * 25 + field)
        began = signed(self.time - zigzag(column(0)))
        id, bits, kind, trigger, site = (column(field) for field in (1, 2, 3, 4, 5))
        operation = column(6) if bits & 2 else 0
        ready = signed(self.time - zigzag(column(7))) if bits & 4 else None
        return "span began=" + seconds(began) + self.began_text(id, kind, trigger, site, operation, ready, bits & 1)

    def named_chain(self):
        named = signed(self.time - zigzag(self.columns.next(16 * 26)))
        id = self.columns.next(16 * 26 + 1)
        return "chain" + self.id("chain", id) + " named=" + seconds(named) + " name=" + quoted(self.columns.text())

    def descriptor(self):
        descriptor = zigzag(self.columns.next(16 * 27 + 1))
        return "fd fd=%d label=%s" % (descriptor, quoted(self.columns.text()))

    KINDS = {
        1: loop_began, 2: loop_ended, 3: poll_entered, 4: poll_returned, 5: created, 6: queued, 7: began,
        8: ended_span, 9: settled, 10: awaits, 11: chain_named, 12: marked, 13: watched, 14: unwatched, 15: pool,
        16: pool_call, 17: pool_call, 18: unhandled, 19: used, 20: anchor, 21: gap, 22: checkpoint,
    }


def main(path):
    with open(path, "rb") as file:
        found = chunks(file.read())
    definitions = Definitions()
    for chunk in found:
        if chunk.kind == 2:
            definitions.add(chunk.payload)
    lines = list(definitions.lines())
    for chunk in found:
        if chunk.kind == 1:
            lines.append("")
            lines.extend(Events(chunk).lines())
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write("\n".join(lines) + "\n")


main(sys.argv[1])
