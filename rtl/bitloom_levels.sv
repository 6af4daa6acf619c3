// SPDX-License-Identifier: Apache-2.0
//
// Which code an accumulator gets: the number of thresholds of its row that it reaches (acc >= t), or, in a descending row,
// Levels minus that; Codes says which code stands for which number. Combinational.
//
// row_i: threshold j (signed) in bits [j*AccBits +: AccBits], in any order; with HasDescending the flag is the bit above them.
// Clock: one carry chain of AccBits and, for many levels, the count of ones.
`default_nettype none

module bitloom_levels #(
  parameter int AccBits = 8,
  parameter int Levels = 1,
  parameter int OutBits = 1,
  parameter int HasDescending = 0,
  parameter logic [(Levels+1)*OutBits-1:0] Codes = '0  // code of number i in bits [i*OutBits +: OutBits]
) (
  input  logic [AccBits-1:0]                      acc_i,
  input  logic [HasDescending+Levels*AccBits-1:0] row_i,
  output logic [OutBits-1:0]                      code_o
);
  if (Levels < 1) $error("bitloom_levels: Levels must be at least 1");
  if (HasDescending != 0 && HasDescending != 1) $error("bitloom_levels: HasDescending is 0 or 1");

  localparam int IndexBits = $clog2(Levels + 1);

  logic [Levels-1:0] reached;
  for (genvar j = 0; j < Levels; j++) begin : gen_level
    assign reached[j] = $signed(acc_i) >= $signed(row_i[j*AccBits+:AccBits]);
  end

  logic [IndexBits-1:0] count, index;
  bitloom_popcount #(.Width(Levels)) u_count (.bits_i(reached), .count_o(count));

  if (HasDescending != 0) begin : gen_descending
    assign index = row_i[Levels*AccBits] ? IndexBits'(Levels) - count : count;
  end else begin : gen_ascending
    assign index = count;
  end
  always_comb begin
    code_o = '0;
    for (int i = 0; i <= Levels; i++) if (index == IndexBits'(i)) code_o = Codes[i*OutBits+:OutBits];
  end
endmodule

`default_nettype wire
