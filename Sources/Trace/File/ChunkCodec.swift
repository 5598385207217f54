/// Events to the payload of a chunk and back.
package enum ChunkCodec {
  /// How many events a chunk may hold: what bounds the memory that a reader needs for one.
  package static let eventLimit = 1 << 18

  /// The payload of a chunk with the batch's events.
  ///
  /// Texts and checkpoints are written in the order of the events that refer to them, and those that none refers to are
  /// left out.
  package static func encode(_ batch: Batch) throws(Payload.Failure) -> [UInt8] {
    guard batch.events.count <= eventLimit else { throw .tooLong }
    var encoder = ChunkEncoder()
    _ = encoder.append(batch, batch.events.indices)
    let payload = encoder.payload
    guard payload.count <= ChunkHeader.payloadLimit else { throw .tooLong }
    return payload
  }

  /// The events of a payload; kinds that this version does not know are left out.
  ///
  /// Throws `damaged` where it does not have the number of events that its chunk's header says.
  package static func decode(
    _ payload: [UInt8], under header: ChunkHeader
  ) throws(Payload.Failure) -> Batch {
    var result: Result<Batch, Payload.Failure> = .failure(.damaged)
    payload.withUnsafeBytes { bytes in
      result = Result { () throws(Payload.Failure) in try ChunkDecoder.decode(bytes, under: header) }
    }
    return try result.get()
  }
}
