// SPDX-License-Identifier: Apache-2.0
//
// Takes words, without a pause or, with stalls_i, with random ones, and compares them with those of a file. Says in which cycle
// each frame was complete, and what was wrong; done_o when all words have come. A word that is shown must stay until taken.
`default_nettype none

module stream_sink #(
  parameter int Id = 0,
  parameter int Width = 8,
  parameter int Words = 1,
  parameter int FrameWords = 1,
  parameter File = "",
  parameter int Surplus = 0  // words of a next frame that may come without its input
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             stalls_i,
  input  logic [31:0]      cycle_i,
  input  logic [Width-1:0] data_i,
  input  logic             valid_i,
  output logic             ready_o,
  output logic             done_o,
  output logic             moved_o
);
  logic [Width-1:0] words [Words];
  initial $readmemh(File, words);

  int next_q;
  logic ready_q, held_q, wrong_q;
  logic [Width-1:0] data_q;
  logic [31:0] random_q;
  assign ready_o = ready_q;
  assign moved_o = valid_i && ready_q;
  assign done_o = (next_q >= Words);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      next_q <= 0;
      ready_q <= !stalls_i;
      held_q <= 1'b0;
      wrong_q <= 1'b0;
      random_q <= 32'h85ebca6b * (32'(Id) + 1) + 32'd5;
    end else begin
      random_q <= {random_q[30:0], random_q[31] ^ random_q[21] ^ random_q[1] ^ random_q[0]};
      ready_q <= !stalls_i || !(random_q[10] ? random_q[0] : random_q[13]);
      held_q <= valid_i && !ready_q;
      data_q <= data_i;
      if (held_q && (!valid_i || data_i != data_q) && !wrong_q) begin
        $display("wrong %0d word %0d did not stay until it was taken", Id, next_q);
        wrong_q <= 1'b1;
      end
      if (valid_i && ready_q) begin
        if (next_q >= Words + Surplus) begin
          if (!wrong_q) $display("wrong %0d more words than expected", Id);
          wrong_q <= 1'b1;
        end else if (next_q < Words && data_i != words[next_q] && !wrong_q) begin
          $display("wrong %0d word %0d is %h, not %h", Id, next_q, data_i, words[next_q]);
          wrong_q <= 1'b1;
        end
        if (next_q == 0) $display("first %0d %0d", Id, cycle_i);
        if (next_q % FrameWords == FrameWords - 1) $display("frame %0d %0d", Id, cycle_i);
        next_q <= next_q + 1;
      end
    end
  end
endmodule

`default_nettype wire
