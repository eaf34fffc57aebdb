// SPDX-License-Identifier: Apache-2.0
// The labels of the Encoding standard, section 4.2, all of them.
#include "crawl/extract/charset_labels.hpp"

#include "crawl/extract/ascii.hpp"

namespace corolla::inline v0::crawl {

namespace {

constexpr Encoding kEncodings[] = {
    {"UTF-8", nullptr, Width::kUtf8, "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8"},
    {"windows-1252", "WINDOWS-1252", Width::kSingle,
     "windows-1252 iso-8859-1 latin1 us-ascii ascii cp1252 x-cp1252 ansi_x3.4-1968 cp819 csisolatin1 ibm819 iso-ir-100 "
     "iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1"},
    {"IBM866", "IBM866", Width::kSingle, "866 cp866 csibm866 ibm866"},
    {"ISO-8859-2", "ISO-8859-2", Width::kSingle,
     "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2"},
    {"ISO-8859-3", "ISO-8859-3", Width::kSingle,
     "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3"},
    {"ISO-8859-4", "ISO-8859-4", Width::kSingle,
     "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4"},
    {"ISO-8859-5", "ISO-8859-5", Width::kSingle,
     "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988"},
    {"ISO-8859-6", "ISO-8859-6", Width::kSingle,
     "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i "
     "iso-ir-127 "
     "iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"},
    {"ISO-8859-7", "ISO-8859-7", Width::kSingle,
     "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
     "iso_8859-7:1987 "
     "sun_eu_greek"},
    {"ISO-8859-8", "ISO-8859-8", Width::kSingle,
     "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 "
     "iso_8859-8:1988 visual"},
    {"ISO-8859-8-I", "ISO-8859-8", Width::kSingle, "csiso88598i iso-8859-8-i logical"},
    {"ISO-8859-10", "ISO-8859-10", Width::kSingle, "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6"},
    {"ISO-8859-13", "ISO-8859-13", Width::kSingle, "iso-8859-13 iso8859-13 iso885913"},
    {"ISO-8859-14", "ISO-8859-14", Width::kSingle, "iso-8859-14 iso8859-14 iso885914"},
    {"ISO-8859-15", "ISO-8859-15", Width::kSingle, "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9"},
    {"ISO-8859-16", "ISO-8859-16", Width::kSingle, "iso-8859-16"},
    {"KOI8-R", "KOI8-R", Width::kSingle, "cskoi8r koi koi8 koi8-r koi8_r"},
    {"KOI8-U", "KOI8-U", Width::kSingle, "koi8-ru koi8-u"},
    {"macintosh", "MACINTOSH", Width::kSingle, "csmacintosh mac macintosh x-mac-roman"},
    {"windows-874", "CP874", Width::kSingle, "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874"},
    {"windows-1250", "WINDOWS-1250", Width::kSingle, "cp1250 windows-1250 x-cp1250"},
    {"windows-1251", "WINDOWS-1251", Width::kSingle, "cp1251 windows-1251 x-cp1251"},
    {"windows-1253", "WINDOWS-1253", Width::kSingle, "cp1253 windows-1253 x-cp1253"},
    {"windows-1254", "WINDOWS-1254", Width::kSingle,
     "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254 "
     "x-cp1254"},
    {"windows-1255", "WINDOWS-1255", Width::kSingle, "cp1255 windows-1255 x-cp1255"},
    {"windows-1256", "WINDOWS-1256", Width::kSingle, "cp1256 windows-1256 x-cp1256"},
    {"windows-1257", "WINDOWS-1257", Width::kSingle, "cp1257 windows-1257 x-cp1257"},
    {"windows-1258", "WINDOWS-1258", Width::kSingle, "cp1258 windows-1258 x-cp1258"},
    {"x-mac-cyrillic", "MAC-UK", Width::kSingle, "x-mac-cyrillic x-mac-ukrainian"},
    {"GBK", "GB18030", Width::kMulti, "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk"},
    {"gb18030", "GB18030", Width::kMulti, "gb18030"},
    {"Big5", "BIG5-HKSCS", Width::kMulti, "big5 big5-hkscs cn-big5 csbig5 x-x-big5"},
    {"EUC-JP", "EUC-JP-MS", Width::kMulti, "cseucpkdfmtjapanese euc-jp x-euc-jp"},
    {"ISO-2022-JP", "ISO-2022-JP", Width::kMulti, "csiso2022jp iso-2022-jp"},
    {"Shift_JIS", "CP932", Width::kMulti, "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis"},
    {"EUC-KR", "UHC", Width::kMulti,
     "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949"},
    {"replacement", nullptr, Width::kReplacement,
     "csiso2022kr hz-gb-2312 iso-2022-cn iso-2022-cn-ext iso-2022-kr replacement"},
    {"UTF-16BE", "UTF-16BE", Width::kUtf16, "unicodefffe utf-16be"},
    {"UTF-16LE", "UTF-16LE", Width::kUtf16, "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le"},
    {"x-user-defined", nullptr, Width::kUserDefined, "x-user-defined"},
};

}  // namespace

const Encoding* encoding_of_label(std::string_view label) noexcept {
  label = trim(label);
  for (const Encoding& encoding : kEncodings) {
    bool found = false;
    for_each_word(encoding.labels, "",
                  [&](std::string_view known) { found = found || equals_ignoring_case(label, known); });
    if (found) return &encoding;
  }
  return nullptr;
}

const Encoding& encoding_of_name(std::string_view name) noexcept {
  for (const Encoding& encoding : kEncodings) {
    if (encoding.name == name) return encoding;
  }
  return kEncodings[0];
}

}  // namespace corolla::inline v0::crawl
