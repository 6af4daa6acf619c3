// SPDX-License-Identifier: Apache-2.0
//
// last_o is high while a stream shows the last of the Words words of its frame (TLAST of AXI4-Stream).
`default_nettype none

module bitloom_frame_end #(
  parameter int Words = 1
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic valid_i,
  input  logic ready_i,
  output logic last_o
);
  if (Words < 1) $error("bitloom_frame_end: Words must be at least 1");

  localparam int WordBits = $clog2(Words) + 1;
  logic [WordBits-1:0] word_q;
  assign last_o = (word_q == WordBits'(Words - 1));
  always_ff @(posedge clk_i) begin
    if (!rst_ni) word_q <= '0;
    else if (valid_i && ready_i) word_q <= last_o ? '0 : word_q + 1'b1;
  end
endmodule

`default_nettype wire
