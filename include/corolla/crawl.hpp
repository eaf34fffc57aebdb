// SPDX-License-Identifier: Apache-2.0
/// \file
/// Crawling: the crawler, and the parts of it that are of use alone.
#pragma once

#include <corolla/crawl/charset.hpp>
#include <corolla/crawl/crawler.hpp>
#include <corolla/crawl/fields.hpp>
#include <corolla/crawl/links.hpp>
#include <corolla/crawl/options.hpp>
#include <corolla/crawl/robots.hpp>
#include <corolla/crawl/scope.hpp>
#include <corolla/crawl/store.hpp>
