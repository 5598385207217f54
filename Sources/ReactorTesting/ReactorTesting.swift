// ReactorTesting
