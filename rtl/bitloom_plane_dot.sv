// SPDX-License-Identifier: Apache-2.0
//
// sum over planes p, q of InCoefs[p] * WeightCoefs[q] * popcount(f(x_p, w_q)) for Simd elements, f being XNOR or AND, in two's
// complement of OutBits (which must hold it); combinational.
//
// If every product of coefficients is a power of two, negative ones included, planes cost wiring: one compressor tree takes all
// bits in the columns of their weights. -popcount(v) = popcount(~v) - Simd turns a negative product into a positive one and a
// constant. Other products (residual binarization) multiply the counts, in DSP blocks if the synthesis tool likes.
//
// Clock: the compressor tree and a carry chain of OutBits; with multipliers, those and an adder a plane pair after it.
`default_nettype none

module bitloom_plane_dot #(
  parameter int Simd = 8,
  parameter int InPlanes = 1,
  parameter int WeightPlanes = 1,
  parameter int Xnor = 1,
  parameter logic [32*InPlanes-1:0] InCoefs = {InPlanes{32'd1}},
  parameter logic [32*WeightPlanes-1:0] WeightCoefs = {WeightPlanes{32'd1}},
  parameter int OutBits = 16
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

  // The tree's column c: Simd bits of each pair of that exponent, then a bit of the constant that negative products leave.
  localparam int Constants = (Least == 0) ? 0 : 1;
  function automatic int pairs_before(input int pair, input int column);
    int i;
    pairs_before = 0;
    for (i = 0; i < pair; i = i + 1) if (exponent(product(i)) == column) pairs_before = pairs_before + 1;
  endfunction
  function automatic int offset(input int column);
    int i;
    offset = 0;
    for (i = 0; i < column; i = i + 1) offset = offset + Simd * pairs_before(Pairs, i) + Constants;
  endfunction
  function automatic logic [16*DotBits-1:0] heights(input int unused);
    int i;
    heights = '0;
    for (i = 0; i < DotBits; i = i + 1) heights[16*i+:16] = 16'(Simd * pairs_before(Pairs, i) + Constants + 0 * unused);
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
    for (genvar pair = 0; pair < Pairs; pair++) begin : gen_pair_columns
      localparam int E = exponent(product(pair));
      assign columns[offset(E)+Simd*pairs_before(pair, E)+:Simd] =
          (product(pair) < 0) ? ~match[pair*Simd+:Simd] : match[pair*Simd+:Simd];
    end
    if (Constants != 0) begin : gen_constant
      for (genvar c = 0; c < DotBits; c++) assign columns[offset(c+1)-1] = Constant[c];
    end
    bitloom_compress #(.Columns(DotBits), .Bits(Bits), .Heights(heights(0)), .Group(3)) u_compress (
      .bits_i(columns),
      .sum_o (dot)
    );
  end else begin : gen_counts
    logic [Pairs*DotBits-1:0] terms;
    for (genvar pair = 0; pair < Pairs; pair++) begin : gen_term
      localparam int Product = product(pair);
      logic [CountBits-1:0] count;
      bitloom_popcount #(.Width(Simd)) u_count (.bits_i(match[pair*Simd+:Simd]), .count_o(count));
      assign terms[pair*DotBits+:DotBits] = DotBits'(Product) * DotBits'(count);
    end
    always_comb begin
      dot = '0;
      for (int pair = 0; pair < Pairs; pair++) dot = dot + terms[pair*DotBits+:DotBits];
    end
  end
endmodule

`default_nettype wire
