// SPDX-License-Identifier: Apache-2.0
//
// The first level of a population count whose every bit is itself a function of two signals (XNOR or AND of an input and a
// weight): bits of weight 1 become bits of weight 1 (low_o), 2 (middle_o) and 4 (high_o); combinational.
//
// Two LUT6 count three such functions without a level for them. Their counts leave LUTs for two more: a chain of two LUT6 takes
// two functions, three bits of weight 1 and one of weight 2, and gives three bits.
//
// Clock: a LUT level, and a LUT with a carry chain of 4 bits.
`default_nettype none

module bitloom_fuse #(
  parameter int Width = 64,
  // Chains; triples; functions that neither takes. An eleventh as many chains as functions use all bits of the triples.
  parameter int Chains = (Width < 32) ? Width / 8 : Width / 11,
  parameter int Triples = (Width - 2 * Chains) / 3,
  parameter int Singles = Width - 2 * Chains - 3 * Triples,
  parameter int Ones = Triples + Singles,  // bits of weight 1 that chains may take
  parameter int Low = Chains + ((Ones > 3 * Chains) ? Ones - 3 * Chains : 0),
  parameter int Middle = (Triples > Chains) ? Triples : Chains,
  parameter int High = Chains
) (
  input  logic [Width-1:0]                      bits_i,
  output logic [Low-1:0]                        low_o,
  output logic [((Middle > 0) ? Middle : 1)-1:0] middle_o,
  output logic [((High > 0) ? High : 1)-1:0]     high_o
);
  if (Width < 1) $error("bitloom_fuse: Width must be at least 1");

  logic [Ones-1:0] ones;
  logic [((Triples > 0) ? Triples : 1)-1:0] twos;
  for (genvar i = 0; i < Triples; i++) begin : gen_triple
    logic [2:0] count;
    bitloom_ones #(.Width(3)) u_ones (.bits_i(bits_i[3*i+:3]), .count_o(count));
    assign ones[i] = count[0];
    assign twos[i] = count[1];
    logic unused;
    assign unused = count[2];
  end
  if (Triples == 0) assign twos[0] = 1'b0;
  logic unused;
  assign unused = &{1'b0, twos};
  if (Singles > 0) assign ones[Triples+:Singles] = bits_i[3*Triples+:Singles];

  for (genvar i = 0; i < Chains; i++) begin : gen_chain
    logic [2:0] raw, sum;
    for (genvar k = 0; k < 3; k++) begin : gen_raw
      if (3 * i + k < Ones) assign raw[k] = ones[3*i+k];
      else assign raw[k] = 1'b0;
    end
    logic two;
    if (i < Triples) assign two = twos[i];
    else assign two = 1'b0;
    bitloom_group #(.Size(3)) u_group (
      .group_i({raw[2], bits_i[Width-2*Chains+2*i+:2]}),
      .add_i  ({two, raw[0]}),
      .carry_i(raw[1]),
      .sum_o  (sum)
    );
    assign low_o[i] = sum[0];
    assign middle_o[i] = sum[1];
    assign high_o[i] = sum[2];
  end
  if (Ones > 3 * Chains) assign low_o[Low-1:Chains] = ones[Ones-1:3*Chains];
  if (Triples > Chains) assign middle_o[Middle-1:Chains] = twos[Triples-1:Chains];
  if (Middle == 0) assign middle_o = 1'b0;
  if (High == 0) assign high_o = 1'b0;
endmodule

`default_nettype wire
