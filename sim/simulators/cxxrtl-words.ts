/**
 * Values of up to 128 bits for the lean runtime: a specialization of the header's `value` that holds one word,
 * of 32, 64 or 128 bits.
 *
 * The header computes on arrays of 32-bit chunks, through half a dozen nested calls and several temporaries an
 * operation, which Clang has to inline and undo. Here an operation is one on a word. The results are the same;
 * for circuits of many small operations, such as carry-save adders, Clang is an order of magnitude faster.
 *
 * Slices and concatenations are values here, not expressions that can be assigned to: see `assignable`.
 */

/** Goes before the header's `value`. */
export const WORD_DECLARATIONS = `
template<size_t Bits> struct value;
template<size_t Stop, size_t Start, size_t Bits> value<Stop - Start + 1> part(const value<Bits> &whole);
template<size_t High, size_t Low> value<High + Low> joined(const value<High> &high, const value<Low> &low);
`;

/** Goes behind the header's `value`, `slice_expr` and `concat_expr`. */
export const WORD_VALUES = `
template<size_t Width> concept Word = Width <= 128;

// What is computed on. Signed and unsigned differ where they are widened, compared or shifted right.
template<size_t Bits> using word_of = std::conditional_t<(Bits > 64), unsigned __int128, uint64_t>;
template<size_t Bits> using number_of = std::conditional_t<(Bits > 64), __int128, int64_t>;

// Clang leaves products of 128 bits, and shifts of them by a variable, to a library that is not here.
CXXRTL_ALWAYS_INLINE unsigned __int128 halves(uint64_t high, uint64_t low) {
	return (unsigned __int128)(high) << 64 | low;
}
CXXRTL_ALWAYS_INLINE uint64_t shifted_left(uint64_t word, size_t amount) { return word << amount; }
CXXRTL_ALWAYS_INLINE uint64_t shifted_right(uint64_t word, size_t amount) { return word >> amount; }
CXXRTL_ALWAYS_INLINE int64_t shifted_right(int64_t word, size_t amount) { return word >> amount; }
inline unsigned __int128 shifted_left(unsigned __int128 word, size_t amount) {
	uint64_t high = uint64_t(word >> 64), low = uint64_t(word);
	if (amount >= 64) return halves(low << (amount - 64), 0);
	return amount == 0 ? word : halves(high << amount | low >> (64 - amount), low << amount);
}
inline unsigned __int128 shifted_right(unsigned __int128 word, size_t amount) {
	uint64_t high = uint64_t(word >> 64), low = uint64_t(word);
	if (amount >= 64) return high >> (amount - 64);
	return amount == 0 ? word : halves(high >> amount, high << (64 - amount) | low >> amount);
}
inline __int128 shifted_right(__int128 word, size_t amount) {
	int64_t high = int64_t(word >> 64);
	uint64_t low = uint64_t(word);
	if (amount >= 64) return high >> (amount - 64);
	return amount == 0 ? word : __int128(halves(uint64_t(high >> amount), uint64_t(high) << (64 - amount) | low >> amount));
}
CXXRTL_ALWAYS_INLINE uint64_t product(uint64_t a, uint64_t b) { return a * b; }
inline unsigned __int128 product(unsigned __int128 a, unsigned __int128 b) {
	uint64_t al = uint32_t(a), ah = uint64_t(a) >> 32, bl = uint32_t(b), bh = uint64_t(b) >> 32;
	uint64_t crossed = uint64_t(a >> 64) * uint64_t(b) + uint64_t(a) * uint64_t(b >> 64);
	return halves(ah * bh + crossed, al * bl) + ((unsigned __int128)(al * bh) << 32) + ((unsigned __int128)(ah * bl) << 32);
}

template<size_t Stop, size_t Start, size_t Bits>
CXXRTL_ALWAYS_INLINE value<Stop - Start + 1> part(const value<Bits> &whole);
template<size_t High, size_t Low>
CXXRTL_ALWAYS_INLINE value<High + Low> joined(const value<High> &high, const value<Low> &low);

template<size_t Bits> requires Word<Bits>
struct value<Bits> {
	using word_t = word_of<Bits>;
	using number_t = number_of<Bits>;
	static constexpr size_t bits = Bits;
	static constexpr size_t chunks = (Bits + 31) / 32;
	static constexpr size_t spare = 8 * sizeof(word_t) - Bits;
	static constexpr word_t mask = word_t(~word_t(0)) >> spare;
	static constexpr uint32_t msb_mask = uint32_t(mask >> (32 * (chunks - 1)));

	// Little-endian: the chunks, as the rest of the runtime sees them, are parts of the word.
	union {
		std::conditional_t<(Bits > 32), word_t, uint32_t> whole;
		uint32_t data[chunks];
	};

	constexpr value() : whole(0) {}
	template<class... High>
	explicit constexpr value(uint32_t low, High... high) : whole(collected(low, high...)) {}
	value(const value &) = default;
	// Not for temporaries, which a slice is here: assigning to one does not compile.
	CXXRTL_ALWAYS_INLINE value &operator=(const value &other) & { whole = other.whole; return *this; }

	CXXRTL_ALWAYS_INLINE word_t word() const { return whole; }
	CXXRTL_ALWAYS_INLINE number_t number() const { return number_t(word() << spare) >> spare; }
	// No bit of the word may be beyond the width.
	CXXRTL_ALWAYS_INLINE static value exactly(word_t word) { value result; result.whole = word; return result; }
	CXXRTL_ALWAYS_INLINE static value wrapped(word_t word) { return exactly(word & mask); }

	CXXRTL_ALWAYS_INLINE const value &val() const { return *this; }
	template<size_t Stop, size_t Start = Stop>
	CXXRTL_ALWAYS_INLINE value<Stop - Start + 1> slice() const { return part<Stop, Start>(*this); }
	template<class Low>
	CXXRTL_ALWAYS_INLINE value<Bits + Low::bits> concat(const Low &low) const {
		return joined(*this, static_cast<const value<Low::bits> &>(low));
	}
	template<size_t Count>
	CXXRTL_ALWAYS_INLINE value<Count> repeat() const {
		static_assert(Bits == 1);
		if constexpr (Word<Count>) return value<Count>::wrapped(-word_of<Count>(word()));
		else return whole ? value<Count>().bit_not() : value<Count>();
	}

	template<size_t Width>
	CXXRTL_ALWAYS_INLINE value<Width> zcast() const {
		if constexpr (Width < Bits) return value<Width>::wrapped(word_of<Width>(word()));
		else if constexpr (Word<Width>) return value<Width>::exactly(word());
		else return widened<Width>(0);
	}
	template<size_t Width>
	CXXRTL_ALWAYS_INLINE value<Width> scast() const {
		if constexpr (Word<Width>) return value<Width>::wrapped(word_of<Width>(number()));
		else return widened<Width>(is_neg() ? ~uint32_t(0) : 0);
	}
	template<size_t Width> CXXRTL_ALWAYS_INLINE value<Width> trunc() const { return zcast<Width>(); }
	template<size_t Width> CXXRTL_ALWAYS_INLINE value<Width> zext() const { return zcast<Width>(); }
	template<size_t Width> CXXRTL_ALWAYS_INLINE value<Width> sext() const { return scast<Width>(); }
	template<size_t Width>
	CXXRTL_ALWAYS_INLINE value<Width> rtrunc() const { return part<Bits - 1, Bits - Width>(*this); }
	template<size_t Width>
	CXXRTL_ALWAYS_INLINE value<Width> rzext() const {
		if constexpr (Width == Bits) return *this;
		else return joined(*this, value<Width - Bits>());
	}
	template<size_t Stop, size_t Start>
	CXXRTL_ALWAYS_INLINE value blit(const value<Stop - Start + 1> &source) const {
		constexpr word_t hole = word_t(value<Stop - Start + 1>::mask) << Start;
		return exactly((word() & ~hole) | word_t(source.word()) << Start);
	}

	CXXRTL_ALWAYS_INLINE explicit operator bool() const { return whole != 0; }
	CXXRTL_ALWAYS_INLINE bool is_zero() const { return whole == 0; }
	CXXRTL_ALWAYS_INLINE bool is_neg() const { return number() < 0; }
	CXXRTL_ALWAYS_INLINE bool operator==(const value &other) const { return whole == other.whole; }
	CXXRTL_ALWAYS_INLINE bool operator!=(const value &other) const { return whole != other.whole; }
	CXXRTL_ALWAYS_INLINE value bit_not() const { return wrapped(~word()); }
	CXXRTL_ALWAYS_INLINE value bit_and(const value &other) const { return exactly(word() & other.word()); }
	CXXRTL_ALWAYS_INLINE value bit_or(const value &other) const { return exactly(word() | other.word()); }
	CXXRTL_ALWAYS_INLINE value bit_xor(const value &other) const { return exactly(word() ^ other.word()); }
	CXXRTL_ALWAYS_INLINE value add(const value &other) const { return wrapped(word() + other.word()); }
	CXXRTL_ALWAYS_INLINE value sub(const value &other) const { return wrapped(word() - other.word()); }
	CXXRTL_ALWAYS_INLINE value neg() const { return wrapped(-word()); }
	CXXRTL_ALWAYS_INLINE bool ucmp(const value &other) const { return word() < other.word(); }
	CXXRTL_ALWAYS_INLINE bool scmp(const value &other) const { return number() < other.number(); }
	template<size_t Width>
	CXXRTL_ALWAYS_INLINE value<Width> mul(const value &other) const {
		static_assert(Word<Width>);
		return value<Width>::wrapped(product(word_of<Width>(word()), word_of<Width>(other.word())));
	}
	template<size_t Width>
	CXXRTL_ALWAYS_INLINE value shl(const value<Width> &amount) const {
		return beyond(amount) ? value() : wrapped(shifted_left(word(), amount.data[0]));
	}
	template<size_t Width>
	CXXRTL_ALWAYS_INLINE value shr(const value<Width> &amount) const {
		return beyond(amount) ? value() : exactly(shifted_right(word(), amount.data[0]));
	}
	template<size_t Width>
	CXXRTL_ALWAYS_INLINE value sshr(const value<Width> &amount) const {
		return wrapped(shifted_right(number(), beyond(amount) ? Bits - 1 : amount.data[0]));
	}
	CXXRTL_ALWAYS_INLINE size_t ctpop() const {
		if constexpr (Bits > 64) return part<63, 0>(*this).ctpop() + part<Bits - 1, 64>(*this).ctpop();
		else return size_t(__builtin_popcountll(word()));
	}

private:
	static constexpr word_t collected(uint32_t low) { return low; }
	template<class... High>
	static constexpr word_t collected(uint32_t low, High... high) {
		return low | value<Bits - 32>::collected(high...) * (word_t(1) << 32);
	}
	template<size_t> friend struct value;

	template<size_t Width>
	CXXRTL_ALWAYS_INLINE static bool beyond(const value<Width> &amount) {
		static_assert(Word<Width>);
		return amount.word() >= Bits;
	}
	template<size_t Width>
	CXXRTL_ALWAYS_INLINE value<Width> widened(uint32_t filler) const {
		value<Width> result;
		for (size_t n = 0; n < result.chunks; n++) result.data[n] = n < chunks ? data[n] : filler;
		result.data[chunks - 1] |= filler & ~msb_mask;
		result.data[result.chunks - 1] &= result.msb_mask;
		return result;
	}
};

template<size_t Stop, size_t Start, size_t Bits>
CXXRTL_ALWAYS_INLINE value<Stop - Start + 1> part(const value<Bits> &whole) {
	constexpr size_t width = Stop - Start + 1;
	if constexpr (Word<Bits>) {
		return value<width>::wrapped(word_of<width>(whole.word() >> Start));
	} else if constexpr (width <= 64) {
		constexpr size_t first = Start / 32, last = Stop / 32, offset = Start % 32;
		uint64_t word = whole.data[first] >> offset;
		if constexpr (last > first) word |= uint64_t(whole.data[first + 1]) << (32 - offset);
		if constexpr (last > first + 1) word |= uint64_t(whole.data[first + 2]) << (64 - offset);
		return value<width>::wrapped(word);
	} else {
		return whole.template rtrunc<Bits - Start>().template trunc<width>();
	}
}

template<size_t High, size_t Low>
CXXRTL_ALWAYS_INLINE value<High + Low> joined(const value<High> &high, const value<Low> &low) {
	constexpr size_t width = High + Low;
	if constexpr (Word<width>) {
		return value<width>::exactly(word_of<width>(high.word()) << Low | low.word());
	} else {
		value<width> result = low.template zext<width>();
		constexpr size_t first = Low / 32, offset = Low % 32;
		for (size_t n = 0; n < high.chunks; n++) {
			result.data[first + n] |= high.data[n] << offset;
			if (offset != 0 && first + n + 1 < result.chunks) result.data[first + n + 1] |= high.data[n] >> (32 - offset);
		}
		return result;
	}
}

// What stands for a value where one is assigned to.
template<size_t Bits>
struct place : public expr_base<place<Bits>> {
	static constexpr size_t bits = Bits;
	value<Bits> &target;

	explicit place(value<Bits> &target) : target(target) {}
	CXXRTL_ALWAYS_INLINE operator const value<Bits> &() const { return target; }
	CXXRTL_ALWAYS_INLINE place &operator=(const value<Bits> &source) { target = source; return *this; }
};
template<size_t Bits>
CXXRTL_ALWAYS_INLINE place<Bits> assignable(value<Bits> &target) { return place<Bits>(target); }

// What stands for bits that nobody reads.
template<size_t Bits>
CXXRTL_ALWAYS_INLINE place<Bits> nowhere() {
	static value<Bits> sink;
	return place<Bits>(sink);
}
`;

/** Goes before the header's cells: the frequent ones over words, without the calls in between. */
export const WORD_CELLS = `
#define WORD_CELL(name, result) \\
template<size_t Y, size_t A, size_t B> requires (Word<Y> && Word<A> && Word<B>) \\
CXXRTL_ALWAYS_INLINE value<Y> name(const value<A> &a, const value<B> &b) { return value<Y>::wrapped(result); }
#define UNSIGNED(operand) word_of<Y>(operand.word())
#define SIGNED(operand) word_of<Y>(operand.number())
WORD_CELL(and_uu, UNSIGNED(a) & UNSIGNED(b))
WORD_CELL(or_uu, UNSIGNED(a) | UNSIGNED(b))
WORD_CELL(xor_uu, UNSIGNED(a) ^ UNSIGNED(b))
WORD_CELL(add_uu, UNSIGNED(a) + UNSIGNED(b))
WORD_CELL(add_ss, SIGNED(a) + SIGNED(b))
WORD_CELL(sub_uu, UNSIGNED(a) - UNSIGNED(b))
WORD_CELL(mul_ss, product(SIGNED(a), SIGNED(b)))
template<size_t Y, size_t A> requires (Word<Y> && Word<A>)
CXXRTL_ALWAYS_INLINE value<Y> not_u(const value<A> &a) { return value<Y>::wrapped(~UNSIGNED(a)); }
#undef SIGNED
#undef UNSIGNED
#undef WORD_CELL
`;

const ASSIGNMENT =
  /^(\t+)((?:[\w.]+|value<\d+>\(\))(?:\.slice<\d+(?:,\d+)?>\(\)|\.concat\([^=]*\))+)(?= = )/gm;

/** Generated code with a place for every name, and for every gap, in a slice or concatenation that is assigned to. */
export function withAssignablePlaces(generated: string): string {
  return generated.replace(
    ASSIGNMENT,
    (_, indent: string, target: string) =>
      indent +
      target
        .replace(/\b[pi]_\w+(?:\.(?:next|curr))?/g, (name) => `assignable(${name})`)
        .replace(/\bvalue<(\d+)>\(\)/g, 'nowhere<$1>()'),
  );
}
