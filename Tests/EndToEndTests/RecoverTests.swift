import Glibc
import Testing

extension EndToEnd {
  @Suite("What a program that died left can be had") struct RecoverTests {
    private func killedDemo(_ folder: TemporaryFolder) throws -> (pid: Int32, ring: String) {
      let demo = try Running([Built.demo, "healthy"], environment: ["LOOPTOP_DIR": folder.path])
      let ring = try #require(eventually { folder.rings.first { $0.hasPrefix("\(demo.pid)-") } })
      sleep(1)
      demo.signal(SIGKILL)
      _ = demo.wait()
      return (demo.pid, folder.file(ring))
    }

    @Test func byPidAndByFile() throws {
      let folder = try TemporaryFolder()
      let environment = ["LOOPTOP_DIR": folder.path]
      let (pid, ring) = try killedDemo(folder)
      let list = try run([Built.looptop, "list"], environment: environment).out.split(separator: "\n")
      let row = try #require(list.first { $0.hasPrefix("\(pid) ") }).split(separator: " ")
      #expect(row[1] == "died")
      #expect(row[2].last == "s")
      for target in ["\(pid)", ring] {
        let file = folder.file("recovered.looptrace")
        let recover = try run([Built.looptop, "recover", target, "-f", "-o", file], environment: environment)
        #expect(recover.status == 0)
        #expect(try run([Built.looptop, "verify", file]).out.hasPrefix("whole: "))
        #expect(try run([Built.looptop, "report", file]).out.contains("accept(_:)"))
      }
    }

    @Test func whatIsNoRingLeavesNoFile() throws {
      let folder = try TemporaryFolder()
      let file = folder.file("recovered.looptrace")
      let ring = folder.write("not-a.ring", Array("Not a ring.".utf8))
      chmod(ring, 0o600)
      let recover = try run([Built.looptop, "recover", ring, "-o", file])
      #expect(recover.status == 3)
      #expect(recover.err == "looptop: the ring not-a.ring does not begin as a ring does\n")
      #expect(try run([Built.looptop, "recover", folder.file("none.ring"), "-o", file]).status == 3)
      #expect(access(file, F_OK) != 0)
      // Nor does it take the place of one that is there.
      let other = folder.write("other.looptrace", Array("Something else.".utf8))
      #expect(try run([Built.looptop, "recover", ring, "-f", "-o", other]).status == 3)
      #expect(contents(other) == Array("Something else.".utf8))
    }

    @Test func ringsOfTheDeadAreCleanedUpAndThoseOfTheLivingAreNot() throws {
      let folder = try TemporaryFolder()
      let environment = ["LOOPTOP_DIR": folder.path]
      let (_, first) = try killedDemo(folder)
      let (_, second) = try killedDemo(folder)
      let alive = try Running([Built.demo, "healthy"], environment: environment)
      defer {
        alive.signal(SIGKILL)
        _ = alive.wait()
      }
      _ = eventually { folder.rings.count == 3 ? true : nil }
      func clean(_ arguments: [String]) throws -> String {
        let said = try run([Built.looptop, "clean"] + arguments, environment: environment)
        #expect(said.status == 0)
        return said.out
      }
      #expect(try clean(["--older-than", "1h"]).hasPrefix("removed 0 "))
      // Room for one of the two.
      #expect(try clean(["--down-to", "7MiB"]).hasPrefix("removed 1 "))
      #expect(access(first, F_OK) != 0 && access(second, F_OK) == 0)
      #expect(try clean(["--older-than", "1ns", "--down-to", "1GB"]).hasPrefix("removed 1 "))
      #expect(folder.rings.count == 1)
      #expect(try clean([]).hasPrefix("removed 0 "))
      #expect(try run([Built.looptop, "clean", "--older-than", "soon"]).status == 2)
    }
  }
}
