// SPDX-License-Identifier: Apache-2.0
//
// The first stage of a unit that has a row of constants for each channel: the word that came, beside the rows of its channels.
// The unit computes with both and keeps the result in an output register when take_o is high.
//
// Memory: Words rows of RowWidth bits, one for each word of a pixel, in turn.
// Throughput: a word a cycle. Latency: data_o and rows_o a cycle after the word was taken, out_valid_o another one later.
// Ready goes through gates from the output to the input.
`default_nettype none

module bitloom_rows #(
  parameter int Width = 8,
  parameter int Words = 4,
  parameter int RowWidth = 8,
  parameter File = "",
  parameter Style = "auto"
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic [Width-1:0]    in_data_i,
  input  logic                in_valid_i,
  output logic                in_ready_o,
  output logic [Width-1:0]    data_o,
  output logic [RowWidth-1:0] rows_o,
  output logic                take_o,
  output logic                out_valid_o,
  input  logic                out_ready_i
);
  if (Width < 1 || Words < 1 || RowWidth < 1) $error("bitloom_rows: Width, Words and RowWidth must be at least 1");

  localparam int WordBits = (Words > 1) ? $clog2(Words) : 1;

  logic move, in_q;
  logic [WordBits-1:0] word_q;
  // A sum, not the negation of a product: see bitloom_mvtu.
  assign move = out_ready_i || !(in_q && out_valid_o);
  assign in_ready_o = move;
  assign take_o = in_q && move;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_q <= 1'b0;
      out_valid_o <= 1'b0;
      word_q <= '0;
    end else begin
      if (move) in_q <= in_valid_i;
      if (in_q || out_ready_i) out_valid_o <= in_q;
      if (in_valid_i && move) word_q <= (word_q == WordBits'(Words - 1)) ? '0 : word_q + 1'b1;
    end
    if (move) data_o <= in_data_i;
  end

  bitloom_rom #(.Width(RowWidth), .Depth(Words), .File(File), .Style(Style)) u_rows (
    .clk_i (clk_i),
    .en_i  (move),
    .addr_i(word_q),
    .data_o(rows_o)
  );
endmodule

`default_nettype wire
