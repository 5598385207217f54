@main struct Looptop { static func main() {} }
