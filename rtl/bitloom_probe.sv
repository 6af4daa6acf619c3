// SPDX-License-Identifier: Apache-2.0
//
// Counts what happens on a stream, which it only watches: words and frames that went by, and the cycles in which a word moved
// (busy), the taker waited for one (starved), a word waited for the taker (blocked), or neither side wanted anything (the
// rest of cycles_o). Counters wrap.
`default_nettype none

module bitloom_probe #(
  parameter int FrameWords = 1,
  parameter int CountBits = 32
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 valid_i,
  input  logic                 ready_i,
  output logic [CountBits-1:0] cycles_o,
  output logic [CountBits-1:0] words_o,
  output logic [CountBits-1:0] frames_o,
  output logic [CountBits-1:0] starved_o,
  output logic [CountBits-1:0] blocked_o
);
  if (FrameWords < 1) $error("bitloom_probe: FrameWords must be at least 1");

  localparam int WordBits = $clog2(FrameWords) + 1;
  logic [WordBits-1:0] word_q;
  logic [CountBits-1:0] cycles_q, words_q, frames_q, starved_q, blocked_q;
  logic last;
  assign last = (word_q == WordBits'(FrameWords - 1));
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      word_q <= '0;
      cycles_q <= '0;
      words_q <= '0;
      frames_q <= '0;
      starved_q <= '0;
      blocked_q <= '0;
    end else begin
      cycles_q <= cycles_q + 1'b1;
      if (valid_i && ready_i) begin
        words_q <= words_q + 1'b1;
        word_q <= last ? '0 : word_q + 1'b1;
        if (last) frames_q <= frames_q + 1'b1;
      end
      if (!valid_i && ready_i) starved_q <= starved_q + 1'b1;
      if (valid_i && !ready_i) blocked_q <= blocked_q + 1'b1;
    end
  end
  assign cycles_o = cycles_q;
  assign words_o = words_q;
  assign frames_o = frames_q;
  assign starved_o = starved_q;
  assign blocked_o = blocked_q;
endmodule

`default_nettype wire
