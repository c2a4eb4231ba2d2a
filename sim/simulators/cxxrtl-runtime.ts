/**
 * A lean edition of Yosys' cxxrtl.h for fast compilation.
 *
 * Parsing the header with the parts of libc++ that it includes takes Clang about four times as long as
 * everything else, mostly for debugging facilities that a batch simulation has no use for. So the value types
 * and the cell functions are taken out of the header as they are, and put on top of the few names of namespace
 * std that they need; values of up to 128 bits become machine words (cxxrtl-words.ts). Designs which use more of
 * the runtime, such as memories, get the header itself.
 */
import { WORD_CELLS, WORD_DECLARATIONS, WORD_VALUES } from './cxxrtl-words.ts';
import { SimulatorError } from './simulator.ts';

/** Parts of the runtime that the lean edition leaves out, as they appear in generated code. */
const BEYOND_LEAN =
  /\bmemory<|\bperformer->|\bfmt_part\b|\bmetadata\b|std::|\b(?:div|mod|divfloor|modfloor|shift|shiftx)_[us]{2}<|mux<|\bctlz\b/;

/** Whether generated code needs the whole runtime with the C++ standard library. */
export function needsWholeRuntime(generated: string): boolean {
  return BEYOND_LEAN.test(generated);
}

/** @throws SimulatorError if the header of an unknown Yosys version is laid out differently. */
export function leanRuntime(header: string): string {
  const arrays = between(header, '#ifndef __has_attribute', 'template<size_t Width>\nstruct memory {')
    .replace(/\tstd::string str\(\) const \{[\s\S]*?\n\t\}\n/, '')
    .replace(/template<size_t Bits>\nstd::ostream &operator<<[\s\S]*?\n\}\n/g, '');
  const values = REPLACED.reduce((text, [before, after]) => replaced(text, before, after), arrays);
  const observer = between(header, 'struct observer {', '// Must be kept in sync');
  const cells = replaced(
    between(header, 'namespace cxxrtl_yosys {', '// Memory helper'),
    '// Logic operations\n',
    `${WORD_CELLS}// Logic operations\n`,
  );
  return `#pragma once
${STANDARD_NAMES}
${values}
struct performer;
${observer}
struct interior {};
${MODULE}
} // namespace cxxrtl
${cells}
} // namespace cxxrtl_yosys
`;
}

/** Where the values of one word come in. */
const REPLACED: readonly (readonly [before: string, after: string])[] = [
  ['template<class T>\nstruct expr_base;\n', `template<class T>\nstruct expr_base;\n${WORD_DECLARATIONS}`],
  ['template<size_t Bits>\nstruct wire {', `${WORD_VALUES}template<size_t Bits>\nstruct wire {`],
  [
    `return static_cast<const value<T::bits> &>(expr)
\t\t\t.template rtrunc<T::bits - Start>()
\t\t\t.template trunc<bits>();`,
    'return part<Stop, Start>(static_cast<const value<T::bits> &>(expr));',
  ],
  [
    `value<bits> ms_shifted = static_cast<const value<T::bits> &>(ms_expr)
\t\t\t.template rzext<bits>();
\t\tvalue<bits> ls_extended = static_cast<const value<U::bits> &>(ls_expr)
\t\t\t.template zext<bits>();
\t\treturn ms_shifted.bit_or(ls_extended);`,
    'return joined(static_cast<const value<T::bits> &>(ms_expr), static_cast<const value<U::bits> &>(ls_expr));',
  ],
];

function replaced(text: string, before: string, after: string): string {
  const at = text.indexOf(before);
  if (at >= 0) return text.slice(0, at) + after + text.slice(at + before.length);
  throw new SimulatorError(`this Yosys has a cxxrtl.h without '${before}'`);
}

function between(text: string, from: string, to: string): string {
  const start = text.indexOf(from);
  const end = text.indexOf(to, start);
  if (start >= 0 && end >= 0) return text.slice(start, end);
  throw new SimulatorError(`this Yosys has a cxxrtl.h without '${from}' before '${to}'`);
}

const STANDARD_NAMES = `
typedef __SIZE_TYPE__ size_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT64_TYPE__ uint64_t;
#define memcpy __builtin_memcpy
#define assert(condition) ((void)0)

// A reactor without libc: the reference keeps the linker from running constructors at every exported call.
extern "C" void __wasm_call_ctors();
extern "C" __attribute__((export_name("_initialize"))) void initialize() { __wasm_call_ctors(); }
extern "C" void __cxa_pure_virtual() { __builtin_trap(); }

namespace std {
template<bool Condition, class A, class B> struct conditional { using type = A; };
template<class A, class B> struct conditional<false, A, B> { using type = B; };
template<bool Condition, class A, class B> using conditional_t = typename conditional<Condition, A, B>::type;
template<bool Condition, class T = void> struct enable_if {};
template<class T> struct enable_if<true, T> { using type = T; };
template<class T> struct is_integral { static constexpr bool value = __is_integral(T); };
template<class T> struct is_signed { static constexpr bool value = __is_signed(T); };
template<class T> struct is_unsigned { static constexpr bool value = __is_unsigned(T); };
template<class T> struct make_unsigned { using type = __make_unsigned(T); };
template<class T> struct remove_reference { using type = __remove_reference_t(T); };

template<class T> struct numeric_limits {
	static constexpr bool is_integer = __is_integral(T);
	static constexpr bool is_signed = __is_signed(T);
	static constexpr int digits = 8 * sizeof(T) - is_signed;
	static constexpr T max() { return T(~T(0)); } // used for unsigned chunks only
};

template<class T> constexpr const T &max(const T &a, const T &b) { return a < b ? b : a; }

template<class A, class B> struct pair { A first; B second; };

struct ignored { template<class T> void operator=(const T &) const {} };
inline constexpr ignored ignore;

template<class A, class B> struct references {
	A &first;
	B &second;
	template<class C, class D> void operator=(const pair<C, D> &from) { first = from.first; second = from.second; }
};
template<class A, class B> references<A, B> tie(A &first, B &second) { return {first, second}; }
} // namespace std
`;

/** The runtime's own base class without what it has for debugging. */
const MODULE = `
struct module {
	virtual void reset() = 0;
	virtual bool eval(performer *performer = nullptr) = 0;
	virtual bool commit() = 0;
};
`;
