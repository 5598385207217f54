#!/usr/bin/env python3
"""Prints a Perfetto trace as text, packet by packet; knows protobuf's wire format and Perfetto's .proto files only.

What is not in the table of fields below, or has another wire type there, is an error: so is a name that no packet of the
same sequence has given, a track that is not described, and a slice that ends without having begun.
"""
import sys

# Message: field number: (name, type). Transcribed from protos/perfetto/trace in the Perfetto repository.
FIELDS = {
    "Trace": {1: ("packet", "TracePacket")},
    "TracePacket": {
        6: ("clock_snapshot", "ClockSnapshot"), 8: ("timestamp", "uint64"),
        10: ("trusted_packet_sequence_id", "uint32"), 11: ("track_event", "TrackEvent"),
        12: ("interned_data", "InternedData"), 13: ("sequence_flags", "uint32"),
        58: ("timestamp_clock_id", "uint32"), 60: ("track_descriptor", "TrackDescriptor"),
    },
    "ClockSnapshot": {1: ("clocks", "Clock"), 2: ("primary_trace_clock", "enum")},
    "Clock": {1: ("clock_id", "uint32"), 2: ("timestamp", "uint64")},
    "TrackDescriptor": {
        1: ("uuid", "uint64"), 2: ("name", "string"), 3: ("process", "ProcessDescriptor"),
        4: ("thread", "ThreadDescriptor"), 5: ("parent_uuid", "uint64"), 8: ("counter", "CounterDescriptor"),
    },
    "ProcessDescriptor": {1: ("pid", "int32"), 6: ("process_name", "string")},
    "ThreadDescriptor": {1: ("pid", "int32"), 2: ("tid", "int32"), 5: ("thread_name", "string")},
    "CounterDescriptor": {3: ("unit", "enum")},
    "TrackEvent": {
        3: ("category_iids", "uint64"), 4: ("debug_annotations", "DebugAnnotation"), 9: ("type", "enum"),
        10: ("name_iid", "uint64"), 11: ("track_uuid", "uint64"), 30: ("counter_value", "int64"),
        34: ("source_location_iid", "uint64"), 47: ("flow_ids", "fixed64"), 48: ("terminating_flow_ids", "fixed64"),
    },
    "DebugAnnotation": {4: ("int_value", "int64"), 6: ("string_value", "string"), 10: ("name", "string")},
    "InternedData": {
        1: ("event_categories", "EventCategory"), 2: ("event_names", "EventName"),
        4: ("source_locations", "SourceLocation"),
    },
    "EventCategory": {1: ("iid", "uint64"), 2: ("name", "string")},
    "EventName": {1: ("iid", "uint64"), 2: ("name", "string")},
    "SourceLocation": {
        1: ("iid", "uint64"), 2: ("file_name", "string"), 3: ("function_name", "string"), 4: ("line_number", "uint32"),
    },
}
REPEATED = {
    "packet", "clocks", "category_iids", "debug_annotations", "flow_ids", "terminating_flow_ids", "event_categories",
    "event_names", "source_locations",
}
MONOTONIC = 3


class Bad(Exception):
    pass


def varint(data, at):
    number = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Bad("a varint that does not end")
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return number, at


def message(data, kind):
    result, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key >> 3 not in FIELDS[kind]:
            raise Bad(f"{kind} has no field {key >> 3}")
        name, form = FIELDS[kind][key >> 3]
        wire = {"fixed64": 1}.get(form, 2 if form in FIELDS or form == "string" else 0)
        if key & 7 != wire:
            raise Bad(f"{kind}.{name} has wire type {key & 7}")
        if wire == 0:
            value, at = varint(data, at)
            bits = 32 if form in ("uint32", "int32") else 64
            if form.startswith("int") and value >> 63:
                value -= 1 << 64
            if not -(1 << 63) <= value < 1 << bits:
                raise Bad(f"{kind}.{name} is {value}")
        elif wire == 1:
            value, at = int.from_bytes(data[at : at + 8], "little"), at + 8
        else:
            length, at = varint(data, at)
            part, at = data[at : at + length], at + length
            if len(part) != length:
                raise Bad(f"{kind}.{name} is cut")
            value = part.decode("utf-8") if form == "string" else message(part, form)
        if name in REPEATED:
            result.setdefault(name, []).append(value)
        elif name in result:
            raise Bad(f"{kind}.{name} stands twice")
        else:
            result[name] = value
    return result


def main():
    trace = message(open(sys.argv[1], "rb").read(), "Trace")
    tracks, names, clock, out = {}, {}, None, []
    for packet in trace["packet"]:
        sequence = packet["trusted_packet_sequence_id"]
        if packet.get("sequence_flags", 0) & 1:
            names[sequence] = {}
        if "clock_snapshot" in packet:
            clock = packet["clock_snapshot"]["primary_trace_clock"]
            clocks = {entry["clock_id"]: entry["timestamp"] for entry in packet["clock_snapshot"]["clocks"]}
            print("clocks", " ".join(f"{key}={clocks[key]}" for key in sorted(clocks)), f"primary={clock}")
        if "track_descriptor" in packet:
            track = packet["track_descriptor"]
            if track["uuid"] in tracks or track["uuid"] == 0:
                raise Bad("a track is described twice")
            if "parent_uuid" in track and track["parent_uuid"] not in tracks:
                raise Bad("a track's parent is not described")
            tracks[track["uuid"]] = track
            print("track", track)
        for kind, entries in packet.get("interned_data", {}).items():
            for entry in entries:
                if names[sequence].setdefault((kind, entry["iid"]), entry) is not entry or entry["iid"] == 0:
                    raise Bad("a name is given twice")
        if "track_event" in packet:
            if packet["timestamp_clock_id"] != clock or clock != MONOTONIC:
                raise Bad("a clock that no snapshot has")
            out.append((packet["timestamp"], packet["track_event"], names[sequence]))
    # As Perfetto does: in the order of time; of equals, in that of the file.
    out.sort(key=lambda entry: entry[0])
    open_slices, flows = {}, set()
    for time, event, known in out:
        track = tracks[event["track_uuid"]]
        line = f"{time} {track.get('name')}"
        if event["type"] == 4:
            if "counter" not in track:
                raise Bad("a counter's value on another track")
            print(line, event["counter_value"])
            continue
        if event["type"] == 1:
            site = known["source_locations", event["source_location_iid"]]
            place = f"{site['file_name']}:{site['line_number']}"
            line += f" begin {known['event_names', event['name_iid']]['name']} {place}"
            line += "".join(f" [{known['event_categories', iid]['name']}]" for iid in event["category_iids"])
            open_slices[event["track_uuid"]] = open_slices.get(event["track_uuid"], 0) + 1
        elif event["type"] == 2:
            line += " end"
            open_slices[event["track_uuid"]] = open_slices.get(event["track_uuid"], 0) - 1
            if open_slices[event["track_uuid"]] < 0:
                raise Bad("a slice ends that has not begun")
        else:
            raise Bad(f"an event of type {event['type']}")
        for entry in event.get("debug_annotations", []):
            line += f" {entry['name']}={entry.get('int_value', entry.get('string_value'))}"
        for flow in event.get("flow_ids", []):
            if flow in flows:
                raise Bad("a flow begins twice")
            flows.add(flow)
            line += f" flow={flow >> 48}:{flow & 0xFFFFFFFFFFFF}"
        for flow in event.get("terminating_flow_ids", []):
            if flow not in flows:
                raise Bad("a flow ends that has not begun")
            flows.remove(flow)
            line += f" from-flow={flow >> 48}:{flow & 0xFFFFFFFFFFFF}"
        print(line)


try:
    main()
except Bad as error:
    sys.exit(f"{sys.argv[1]}: {error}")
