// SPDX-License-Identifier: Apache-2.0
//
// A stream that goes through unchanged in time, with a probe on it. Its words become what the probe has counted: words before
// this one, frames before it, and whether its counts of cycles add up.
`default_nettype none

module probed_stream #(
  parameter int FrameWords = 1
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        in_data_i,
  input  logic        in_valid_i,
  output logic        in_ready_o,
  output logic [16:0] out_data_o,
  output logic        out_valid_o,
  input  logic        out_ready_i
);
  logic [15:0] cycles, words, frames, starved, blocked, neither_q;
  bitloom_probe #(.FrameWords(FrameWords), .CountBits(16)) u_probe (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (in_valid_i),
    .ready_i  (out_ready_i),
    .cycles_o (cycles),
    .words_o  (words),
    .frames_o (frames),
    .starved_o(starved),
    .blocked_o(blocked)
  );
  always_ff @(posedge clk_i) begin
    if (!rst_ni) neither_q <= '0;
    else if (!in_valid_i && !out_ready_i) neither_q <= neither_q + 1'b1;
  end
  // The sum moves between words, so a word that waits shows only what stays.
  assign out_data_o = {cycles == words + starved + blocked + neither_q, frames[7:0], words[7:0]};
  assign out_valid_o = in_valid_i;
  assign in_ready_o = out_ready_i;
  logic unused;
  assign unused = in_data_i;
endmodule

`default_nettype wire
