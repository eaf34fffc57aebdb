// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/test_client.hpp>

namespace corolla::inline v0::http {

Coro<void> TestClient::close() {
  auto closing = session_->close();
  co_await std::move(closing);
  auto ending = runner_->cleanup();
  co_await std::move(ending);
}

Coro<TestClient> test_client(Application app, SessionOptions session_options, WebServerOptions server_options) {
  auto runner = std::make_unique<AppRunner>(std::move(app), std::move(server_options));
  auto starting = runner->start("127.0.0.1", 0);
  co_await std::move(starting);
  session_options.base_url = Url::parse(runner->url());
  auto session = std::make_unique<Session>(session_options);
  co_return TestClient(std::move(runner), std::move(session));
}

}  // namespace corolla::inline v0::http
