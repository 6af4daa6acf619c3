// SPDX-License-Identifier: Apache-2.0
//
// Sends the words of a file, once, without a pause or, with stalls_i, with random ones. Says in which cycle the first was taken.
`default_nettype none

module stream_source #(
  parameter int Id = 0,
  parameter int Width = 8,
  parameter int Words = 1,
  parameter File = ""
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             stalls_i,
  input  logic [31:0]      cycle_i,
  output logic [Width-1:0] data_o,
  output logic             valid_o,
  input  logic             ready_i,
  output logic             moved_o
);
  logic [Width-1:0] words [Words];
  initial $readmemh(File, words);

  int next_q;  // the next word to show
  logic valid_q;
  logic [31:0] random_q;
  // Long pauses and long bursts as well as single ones: whether it pauses is drawn anew now and then only.
  logic pause;
  assign pause = stalls_i && (random_q[9] ? random_q[0] : random_q[12]);
  assign valid_o = valid_q;
  assign moved_o = valid_q && ready_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      next_q <= 0;
      valid_q <= 1'b0;
      random_q <= 32'h9e3779b9 * (32'(Id) + 1) + 32'd17;
    end else begin
      random_q <= {random_q[30:0], random_q[31] ^ random_q[21] ^ random_q[1] ^ random_q[0]};
      if (!valid_q || ready_i) begin
        valid_q <= !pause && next_q < Words;
        if (!pause && next_q < Words) begin
          data_o <= words[next_q];
          next_q <= next_q + 1;
        end
      end
      if (valid_q && ready_i && next_q == 1) $display("taken %0d %0d", Id, cycle_i);
    end
  end
endmodule

`default_nettype wire
