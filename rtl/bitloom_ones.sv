// SPDX-License-Identifier: Apache-2.0
//
// Counts the ones of up to six bits; combinational. Each bit of the count is written as a table of its inputs, because
// that is what a LUT6 is; an adder here would become a carry chain.
`default_nettype none

module bitloom_ones #(
  parameter int Width = 6
) (
  input  logic [Width-1:0] bits_i,
  output logic [2:0]       count_o
);
  if (Width < 1 || Width > 6) $error("bitloom_ones: Width must be from 1 to 6");

  // Bit b of the count of ones of the table's index.
  function automatic logic [63:0] table_of(input int b);
    int i, j, ones;
    for (i = 0; i < 64; i = i + 1) begin
      ones = 0;
      for (j = 0; j < 6; j = j + 1) ones = ones + ((i >> j) & 1);
      table_of[i] = (((ones >> b) & 1) != 0);
    end
  endfunction

  localparam logic [63:0] Table0 = table_of(0);
  localparam logic [63:0] Table1 = table_of(1);
  localparam logic [63:0] Table2 = table_of(2);

  logic [5:0] index;
  assign index = 6'(bits_i);
  assign count_o = {Table2[index], Table1[index], Table0[index]};
endmodule

`default_nettype wire
