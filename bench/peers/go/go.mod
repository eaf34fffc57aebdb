module corolla/bench/peers/go

go 1.19
