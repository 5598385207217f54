import Recorder

/// Where a callback was registered, in which chain, and on which operation it waits: what its span will say.
struct Registration {
  /// For people: in the words of a misuse or an unhandled failure.
  let callSite: CallSite
  let site: RingSite
  let chain: RingChain
  let operation: RingOperation

  init(_ callSite: CallSite, _ site: RingSite, _ chain: RingChain, _ operation: RingOperation) {
    self.callSite = callSite
    self.site = site
    self.chain = chain
    self.operation = operation
  }
}
