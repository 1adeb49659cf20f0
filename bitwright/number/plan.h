#pragma once
// Which representation each Number of a program has, by name.

#include <map>
#include <string>
#include <string_view>

#include "bitwright/number/representation.h"

namespace bw::number {

// Text, one line a name:
//   state.x fixed8 bias=-3      value = fixed8 value * 2^3
//   gain    dybit4
//   conv1.weight EXP 8          libnumber's spelling: FLOAT 32 | FLOAT 16 | FIXED 2..32 [B] | EXP
//   fc1.weight FIXED 15 -3      2..9 [B], B as in <ns,ne,nf,B>: FIXED 0, EXP 2^(N-2)-1 by default
// `#` starts a comment. Names hold no blanks. A name that is left out is float32.
class Plan {
 public:
  // `where` begins the messages: "<where>: line 3: ...".
  static Expected<Plan> Parse(std::string_view text, const std::string& where);
  static Expected<Plan> Read(const std::string& path);

  // In Bitwright's spelling, sorted by name; Parse gives the plan back.
  std::string ToText() const;

  void Set(const std::string& name, const Representation& format) { formats_[name] = &format; }
  // float32 where the plan has no line.
  const Representation& Find(const std::string& name) const;
  bool Has(const std::string& name) const { return formats_.contains(name); }
  const std::map<std::string, const Representation*>& formats() const { return formats_; }

  friend bool operator==(const Plan&, const Plan&) = default;

 private:
  std::map<std::string, const Representation*> formats_;
};

}  // namespace bw::number
