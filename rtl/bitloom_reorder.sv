// SPDX-License-Identifier: Apache-2.0
//
// The words of a stream in another order, some of them more than once: of each block of Words words, four nested loops read
// word i0*Stride0 + i1*Stride1 + i2*Stride2 + i3*Stride3, i3 running fastest. With blocks of a row that is a tensor enlarged by
// whole factors, or whose channels become a square of pixels; with a block of a frame, one flattened in another order.
//
// Two blocks are kept, so that one is written while the other is read.
// Throughput: max(Words, Count0*Count1*Count2*Count3) cycles a block. Latency: a block's first word is at the output 2 cycles
// after its last word was taken. in_ready_o does not depend on out_ready_i through gates.
// Clock: an adder of the address and the memory's read.
`default_nettype none

module bitloom_reorder #(
  parameter int Width = 8,
  parameter int Words = 16,
  parameter int Count0 = 1,
  parameter int Count1 = 1,
  parameter int Count2 = 1,
  parameter int Count3 = 16,
  parameter int Stride0 = 0,
  parameter int Stride1 = 0,
  parameter int Stride2 = 0,
  parameter int Stride3 = 1,
  parameter Style = "auto"
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic [Width-1:0] in_data_i,
  input  logic             in_valid_i,
  output logic             in_ready_o,
  output logic [Width-1:0] out_data_o,
  output logic             out_valid_o,
  input  logic             out_ready_i
);
  if (Width < 1 || Words < 1) $error("bitloom_reorder: Width and Words must be at least 1");
  if (Count0 < 1 || Count1 < 1 || Count2 < 1 || Count3 < 1) $error("bitloom_reorder: counts must be at least 1");
  if (Stride0 < 0 || Stride1 < 0 || Stride2 < 0 || Stride3 < 0)
    $error("bitloom_reorder: strides must not be negative");
  if ((Count0 - 1) * Stride0 + (Count1 - 1) * Stride1 + (Count2 - 1) * Stride2 + (Count3 - 1) * Stride3 >= Words)
    $error("bitloom_reorder: the last word read must lie within the block");

  localparam int AddrBits = $clog2(2 * Words);
  localparam int OffsetBits = (Words > 1) ? $clog2(Words) : 1;
  localparam int Bits0 = $clog2(Count0) + 1;
  localparam int Bits1 = $clog2(Count1) + 1;
  localparam int Bits2 = $clog2(Count2) + 1;
  localparam int Bits3 = $clog2(Count3) + 1;

  // Whole blocks that wait, and the block that is written and read next: 0 or 1.
  logic [1:0] full_q;
  logic write_block_q, read_block_q;
  logic write, read, write_last, read_last, out_valid_q;
  logic [OffsetBits-1:0] write_q;
  assign in_ready_o = !full_q[1];
  assign write = in_valid_i && in_ready_o;
  assign write_last = write && (write_q == OffsetBits'(Words - 1));
  assign read = (full_q != '0) && (!out_valid_q || out_ready_i);

  // The place in the loops, and where each loop's index alone leads.
  logic [Bits0-1:0] i0_q;
  logic [Bits1-1:0] i1_q;
  logic [Bits2-1:0] i2_q;
  logic [Bits3-1:0] i3_q;
  logic [OffsetBits-1:0] at0_q, at1_q, at2_q, at3_q;
  logic last0, last1, last2, last3;
  assign last3 = (i3_q == Bits3'(Count3 - 1));
  assign last2 = last3 && (i2_q == Bits2'(Count2 - 1));
  assign last1 = last2 && (i1_q == Bits1'(Count1 - 1));
  assign last0 = last1 && (i0_q == Bits0'(Count0 - 1));
  assign read_last = read && last0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      full_q <= '0;
      write_block_q <= 1'b0;
      read_block_q <= 1'b0;
      write_q <= '0;
      i0_q <= '0;
      i1_q <= '0;
      i2_q <= '0;
      i3_q <= '0;
      at0_q <= '0;
      at1_q <= '0;
      at2_q <= '0;
      at3_q <= '0;
      out_valid_q <= 1'b0;
    end else begin
      if (write) write_q <= write_last ? '0 : write_q + 1'b1;
      if (write_last) write_block_q <= !write_block_q;
      if (write_last && !read_last) full_q <= full_q + 1'b1;
      if (read_last && !write_last) full_q <= full_q - 1'b1;
      if (read) begin
        i3_q <= last3 ? '0 : i3_q + 1'b1;
        at3_q <= last3 ? '0 : at3_q + OffsetBits'(Stride3);
        if (last3) begin
          i2_q <= last2 ? '0 : i2_q + 1'b1;
          at2_q <= last2 ? '0 : at2_q + OffsetBits'(Stride2);
        end
        if (last2) begin
          i1_q <= last1 ? '0 : i1_q + 1'b1;
          at1_q <= last1 ? '0 : at1_q + OffsetBits'(Stride1);
        end
        if (last1) begin
          i0_q <= last0 ? '0 : i0_q + 1'b1;
          at0_q <= last0 ? '0 : at0_q + OffsetBits'(Stride0);
        end
      end
      if (read_last) read_block_q <= !read_block_q;
      if (read || out_ready_i) out_valid_q <= read;
    end
  end

  logic [AddrBits-1:0] write_addr, read_addr;
  assign write_addr = AddrBits'(write_q) + (write_block_q ? AddrBits'(Words) : '0);
  assign read_addr = AddrBits'(at0_q) + AddrBits'(at1_q) + AddrBits'(at2_q) + AddrBits'(at3_q) +
                     (read_block_q ? AddrBits'(Words) : '0);
  bitloom_ram #(.Width(Width), .Depth(2 * Words), .Style(Style)) u_blocks (
    .clk_i  (clk_i),
    .write_i(write),
    .waddr_i(write_addr),
    .data_i (in_data_i),
    .read_i (read),
    .raddr_i(read_addr),
    .data_o (out_data_o)
  );
  assign out_valid_o = out_valid_q;
endmodule

`default_nettype wire
