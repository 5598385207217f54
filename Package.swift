// swift-tools-version: 6.2
// The edges below are the plan of the house: the traced side (Recorder, Reactor, Demos) and the tool's side
// (Drain … looptop) meet only in Trace. Tests/PackageTests holds this file against that plan.
import PackageDescription

let package = Package(
  name: "looptop",
  products: [
    .executable(name: "looptop", targets: ["looptop"]),
    .executable(name: "looptop-demo", targets: ["Demos"]),
    .library(name: "Reactor", targets: ["Reactor"]),
    .library(name: "ReactorTesting", targets: ["ReactorTesting"]),
    .library(name: "Recorder", targets: ["Recorder"]),
    .library(name: "PostgreSQL", targets: ["PostgreSQL"]),
    .library(name: "Drain", targets: ["Drain"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
  ],
  targets: [
    // C, only as shims for what Swift cannot import.
    .target(name: "CLinux"),
    .target(name: "CNcurses", linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

    // Where the two sides meet.
    .target(name: "Trace", dependencies: ["CLinux", "CZstd"], exclude: ["FORMAT.md"]),

    // The traced side.
    .target(name: "Recorder", dependencies: ["Trace", "CLinux"]),
    .target(
      name: "Reactor",
      dependencies: ["Recorder", "CLinux", .product(name: "DequeModule", package: "swift-collections")]),
    .target(name: "ReactorTesting", dependencies: ["Reactor", "CLinux"]),
    .target(
      name: "PostgreSQL",
      dependencies: ["Reactor", "CPostgreSQL", .product(name: "DequeModule", package: "swift-collections")]),

    // The tool's side.
    .target(
      name: "Drain", dependencies: ["Trace", "CLinux", .product(name: "SystemPackage", package: "swift-system")]),
    .target(name: "TraceStore", dependencies: ["Trace", .product(name: "SystemPackage", package: "swift-system")]),
    .target(
      name: "Analysis",
      dependencies: ["Trace", "TraceStore", .product(name: "DequeModule", package: "swift-collections")]),
    .target(name: "Export", dependencies: ["Analysis", "Trace", "TraceStore", "CSQLite"]),
    .target(name: "Screens", dependencies: ["Analysis", "Trace"]),
    .target(name: "Terminal", dependencies: ["Screens", "CNcurses", "CLinux"]),
    .executableTarget(
      name: "looptop",
      dependencies: [
        "Trace", "Drain", "TraceStore", "Analysis", "Export", "Screens", "Terminal", "CLinux",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),

    .executableTarget(name: "Demos", dependencies: ["Reactor", "Recorder", "PostgreSQL", "CLinux", "CSQLite"]),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "Recorder", "Reactor", "Trace", "Drain", "TraceStore", "Analysis", "CLinux",
        .product(name: "SystemPackage", package: "swift-system"),
      ]),

    .testTarget(name: "PackageTests"),
    .executableTarget(
      name: "RecorderChild", dependencies: ["Recorder", "Trace", "CLinux"], path: "Tests/RecorderChild"),
    .testTarget(name: "RecorderTests", dependencies: ["Recorder", "RecorderChild", "CLinux"]),
    .testTarget(name: "TraceTests", dependencies: ["Trace"]),
    .testTarget(
      name: "TraceStoreTests",
      dependencies: [
        "Trace", "TraceStore", "Drain", .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .testTarget(name: "AnalysisTests", dependencies: ["Analysis", "Trace"]),
    .testTarget(
      name: "ExportTests",
      dependencies: [
        "Export", "Analysis", "Drain", "Trace", "TraceStore",
        .product(name: "SystemPackage", package: "swift-system"),
      ], exclude: ["decode_perfetto.py"]),
    .testTarget(name: "ScreensTests", dependencies: ["Screens", "Analysis", "Trace"], exclude: ["Baselines"]),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "looptop", "Demos", "Reactor", "PostgreSQL", "Recorder", "RecorderChild", "Analysis", "Screens", "Terminal",
        "Trace",
        "TraceStore",
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], exclude: ["Baselines"]),
    .testTarget(name: "ReactorTests", dependencies: ["Reactor", "ReactorTesting", "CLinux"]),
    .testTarget(name: "PostgreSQLTests", dependencies: ["PostgreSQL", "Reactor", "Recorder", "Trace"]),
    .testTarget(
      name: "DrainTests",
      dependencies: [
        "Drain", "Recorder", "Trace", "TraceStore", .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .testTarget(
      name: "FormatTests",
      dependencies: ["Drain", "Trace", "TraceStore", .product(name: "SystemPackage", package: "swift-system")],
      exclude: ["decode_trace.py"]),
  ],
  swiftLanguageModes: [.v6]
)

// libFuzzer comes with its own linking: only Scripts/fuzz asks for it.
if Context.environment["LOOPTOP_FUZZ"] != nil {
  package.targets += [
    .target(name: "CFuzz", path: "Tests/Fuzzing/CFuzz"),
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "CFuzz", "CLinux", "Trace", "TraceStore", "Drain", .product(name: "SystemPackage", package: "swift-system"),
      ], path: "Tests/Fuzzing/Fuzz"),
  ]
}
