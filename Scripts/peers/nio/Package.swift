// swift-tools-version: 6.1
// A package of its own, so that Looptop does not depend on SwiftNIO.
import PackageDescription

let package = Package(
  name: "nio",
  dependencies: [.package(url: "https://github.com/apple/swift-nio", exact: "2.101.2")],
  targets: [
    .executableTarget(
      name: "nio",
      dependencies: [.product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio")])
  ],
  swiftLanguageModes: [.v6]
)
