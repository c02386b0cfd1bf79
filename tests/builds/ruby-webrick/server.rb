require "webrick"

server = WEBrick::HTTPServer.new(Port: 4567)
server.mount_proc("/") { |_, response| response.body = "moored" }
trap("TERM") { server.shutdown }
server.start
