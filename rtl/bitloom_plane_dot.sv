// SPDX-License-Identifier: Apache-2.0
//
// sum over planes p, q of InCoefs[p] * WeightCoefs[q] * popcount(f(x_p, w_q)) for Simd elements, f being XNOR or AND, in two's
// complement of OutBits (which must hold it); combinational.
//
// If every product of coefficients is a power of two, negative ones included, planes cost wiring: one tree of counters takes
// all bits in the columns of their weights. It begins with bitloom_fuse, or without it if Fused = 0: where a weight is a
// constant, or a function of few signals itself, a LUT that makes the match has no room for more.
// -popcount(v) = popcount(~v) - Simd turns a negative product into a positive one and a
// constant. Other products (residual binarization) multiply the counts, in DSP blocks if the synthesis tool likes.
//
// Clock: the tree (bitloom_compress); with multipliers, those and an adder a plane pair after it.
`default_nettype none

module bitloom_plane_dot #(
  parameter int Simd = 8,
  parameter int InPlanes = 1,
  parameter int WeightPlanes = 1,
  parameter int Xnor = 1,
  parameter logic [32*InPlanes-1:0] InCoefs = {InPlanes{32'd1}},
  parameter logic [32*WeightPlanes-1:0] WeightCoefs = {WeightPlanes{32'd1}},
  parameter int OutBits = 16,
  parameter int Fused = 1
) (
  input  logic [Simd*InPlanes-1:0]     x_i,        // element s, plane p: bit s*InPlanes + p
  input  logic [Simd*WeightPlanes-1:0] weights_i,
  output logic [OutBits-1:0]           dot_o
);
  localparam int Pairs = InPlanes * WeightPlanes;  // pair p*WeightPlanes + q
  localparam int CountBits = $clog2(Simd + 1);  // of one pair

  function automatic int product(input int pair);
    product = 32'(InCoefs[32*(pair/WeightPlanes)+:32]) * 32'(WeightCoefs[32*(pair%WeightPlanes)+:32]);
  endfunction
  // The exponent of a positive or negative power of two, else -1.
  function automatic int exponent(input int value);
    int e;
    exponent = -1;
    for (e = 0; e < 31; e = e + 1) if (value == (1 << e) || value == -(1 << e)) exponent = e;
  endfunction

  function automatic int all_powers(input int pairs);
    int i;
    all_powers = 1;
    for (i = 0; i < pairs; i = i + 1) if (exponent(product(i)) < 0) all_powers = 0;
  endfunction
  // The sum of the products of one sign: what an element can add to the dot product at most, or take from it.
  function automatic int extreme(input int negative);
    int i;
    extreme = 0;
    for (i = 0; i < Pairs; i = i + 1) begin
      if (negative != 0 && product(i) < 0) extreme = extreme - product(i);
      if (negative == 0 && product(i) > 0) extreme = extreme + product(i);
    end
  endfunction
  localparam int Most = Simd * extreme(0);
  localparam int Least = Simd * extreme(1);  // negated
  localparam int DotBits = (Least == 0) ? $clog2(Most + 1) : 1 + $clog2((Most + 1 > Least) ? Most + 1 : Least);
  if (OutBits < DotBits) $error("bitloom_plane_dot: OutBits (AccBits of the unit) cannot hold the dot product of a step");

  logic [Pairs*Simd-1:0] match;
  for (genvar pair = 0; pair < Pairs; pair++) begin : gen_pair
    for (genvar s = 0; s < Simd; s++) begin : gen_element
      logic x, w;
      assign x = x_i[s*InPlanes+pair/WeightPlanes];
      assign w = weights_i[s*WeightPlanes+pair%WeightPlanes];
      assign match[pair*Simd+s] = (Xnor != 0) ? x ~^ w : x & w;
    end
  end

  logic [DotBits-1:0] dot;
  if (Least == 0) assign dot_o = OutBits'(dot);
  else assign dot_o = OutBits'($signed(dot));

  // The matches of column c, and what bitloom_fuse makes of n of them.
  function automatic int pairs_before(input int pair, input int column);
    int i;
    pairs_before = 0;
    for (i = 0; i < pair; i = i + 1) if (exponent(product(i)) == column) pairs_before = pairs_before + 1;
  endfunction
  function automatic int matching(input int column);
    matching = (column < 0) ? 0 : Simd * pairs_before(Pairs, column);
  endfunction
  function automatic int chains(input int n);
    chains = (Fused == 0) ? 0 : (n < 32) ? n / 8 : n / 11;
  endfunction
  function automatic int triples(input int n);
    triples = (Fused == 0) ? 0 : (n - 2 * chains(n)) / 3;
  endfunction
  function automatic int low(input int n);
    int rest;
    rest = n - 5 * chains(n) - 2 * triples(n);
    low = chains(n) + ((rest > 0) ? rest : 0);
  endfunction
  function automatic int middle(input int n);
    middle = (triples(n) > chains(n)) ? triples(n) : chains(n);
  endfunction

  // The tree's column c: low bits of its matches, middle and high bits of those below, and a bit of the constant that negative
  // products leave.
  localparam int Constants = (Least == 0) ? 0 : 1;
  function automatic int column_height(input int c);
    column_height = low(matching(c)) + middle(matching(c - 1)) + chains(matching(c - 2)) + Constants;
  endfunction
  function automatic int offset(input int column);
    int i;
    offset = 0;
    for (i = 0; i < column; i = i + 1) offset = offset + column_height(i);
  endfunction
  function automatic logic [16*DotBits-1:0] heights(input int unused);
    int i;
    heights = '0;
    for (i = 0; i < DotBits; i = i + 1) heights[16*i+:16] = 16'(column_height(i) + 0 * unused);
  endfunction

`ifdef VERILATOR
  localparam int Tree = 0;  // a simulator counts words faster than it walks a tree
`else
  localparam int Tree = all_powers(Pairs);
`endif
  if (Tree != 0) begin : gen_tree
    localparam int Constant = -Least;
    localparam int Bits = offset(DotBits);

    logic [Bits-1:0] columns;
    for (genvar c = 0; c < DotBits; c++) begin : gen_matches
      localparam int Matches = matching(c);
      localparam int Low = low(Matches), Middle = middle(Matches), High = chains(Matches);
      if (Matches > 0) begin : gen_any
        logic [Matches-1:0] bits;
        for (genvar pair = 0; pair < Pairs; pair++) begin : gen_pair_bits
          if (exponent(product(pair)) == c) begin : gen_here
            assign bits[Simd*pairs_before(pair, c)+:Simd] =
                (product(pair) < 0) ? ~match[pair*Simd+:Simd] : match[pair*Simd+:Simd];
          end
        end
        if (Fused != 0) begin : gen_fused
          logic [Low-1:0] low_bits;
          logic [((Middle > 0) ? Middle : 1)-1:0] middle_bits;
          logic [((High > 0) ? High : 1)-1:0] high_bits;
          bitloom_fuse #(.Width(Matches)) u_fuse (
            .bits_i  (bits),
            .low_o   (low_bits),
            .middle_o(middle_bits),
            .high_o  (high_bits)
          );
          assign columns[offset(c)+:Low] = low_bits;
          if (Middle > 0 && c + 1 < DotBits) assign columns[offset(c+1)+low(matching(c+1))+:Middle] = middle_bits;
          if (High > 0 && c + 2 < DotBits)
            assign columns[offset(c+2)+low(matching(c+2))+middle(matching(c+1))+:High] = high_bits;
          logic unused;
          assign unused = &{1'b0, middle_bits, high_bits};
        end else begin : gen_plain
          assign columns[offset(c)+:Matches] = bits;
        end
      end
    end
    if (Constants != 0) begin : gen_constant
      for (genvar c = 0; c < DotBits; c++) assign columns[offset(c+1)-1] = Constant[c];
    end
    bitloom_compress #(.Columns(DotBits), .Bits(Bits), .Heights(heights(0))) u_compress (
      .bits_i(columns),
      .sum_o (dot)
    );
  end else begin : gen_counts
    logic [Pairs*DotBits-1:0] terms;
    for (genvar pair = 0; pair < Pairs; pair++) begin : gen_term
      localparam int Product = product(pair);
      logic [CountBits-1:0] count;
      if (Tree == 0 && all_powers(Pairs) == 0 && Pairs > 1) begin : gen_plane
        logic [Simd-1:0] x, w;
        for (genvar s = 0; s < Simd; s++) begin : gen_bit
          assign x[s] = x_i[s*InPlanes+pair/WeightPlanes];
          assign w[s] = weights_i[s*WeightPlanes+pair%WeightPlanes];
        end
        bitloom_plane_dot #(.Simd(Simd), .Xnor(Xnor), .OutBits(CountBits), .Fused(Fused)) u_count (
          .x_i      (x),
          .weights_i(w),
          .dot_o    (count)
        );
      end else begin : gen_popcount
        bitloom_popcount #(.Width(Simd)) u_count (.bits_i(match[pair*Simd+:Simd]), .count_o(count));
      end
      assign terms[pair*DotBits+:DotBits] = DotBits'(Product) * DotBits'(count);
    end
    always_comb begin
      dot = '0;
      for (int pair = 0; pair < Pairs; pair++) dot = dot + terms[pair*DotBits+:DotBits];
    end
  end
endmodule

`default_nettype wire
