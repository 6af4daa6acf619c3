// SPDX-License-Identifier: Apache-2.0
//
// Sliding windows of a picture for a matrix-vector unit: for every output position the words of its window, one after another,
// in the order ky, kx, channel word (with Depthwise: channel word, ky, kx). Positions outside of the picture give PadCode in
// every lane, at once and without a word of input.
//
// With CF = Channels/Lanes, Span = (KernelH-1)*DilationH + 1, the unit keeps a ring of Rows rows (Rows*InW*CF words). A row is
// given up when the last word of the last output row that needs it has been read; the next ones, those of the next picture
// included, may enter as soon as there is room. Rows must be at least Span. The default, Span + StrideH, lets the input go on
// while an output row is read; more rows help only at the border between pictures.
//
// Exactly: output word n of a picture is read in the first cycle after word n-1 was read in which (a) the input word it shows
// was taken in an earlier cycle, and (b) the output register is free or being freed; it is at the output a cycle after that.
// An input word is taken in every cycle in which fewer than Depth = Rows*InW*CF words lie between it and the first word of the
// picture row at the top of the output row being read; above a picture, rows of padding count as rows.
// Throughput, when neither side stalls: max(InH*InW*CF, OutH*OutW*KernelH*KernelW*CF) cycles a picture if Rows is at least
// Span + StrideH and InH - (OutH-1)*StrideH + Span, almost always with one row less. So the default is enough for a padded 3x3
// kernel; without padding it costs about a row of input (InW*CF cycles) a picture, and one row more is enough.
// Latency: the first word is at the output 2 cycles after its input word was taken. Padding waits for no input, so that of a
// next picture is shown before any of it came. in_ready_o does not depend on out_ready_i through gates.
// Clock: adders and a comparator of the ring's address width.
`default_nettype none

module bitloom_window #(
  parameter int Channels = 8,
  parameter int Lanes = 8,
  parameter int Bits = 1,
  parameter int InH = 8,
  parameter int InW = 8,
  parameter int KernelH = 3,
  parameter int KernelW = 3,
  parameter int StrideH = 1,
  parameter int StrideW = 1,
  parameter int PadTop = 0,
  parameter int PadLeft = 0,
  parameter int PadBottom = 0,
  parameter int PadRight = 0,
  parameter int DilationH = 1,
  parameter int DilationW = 1,
  parameter logic [Bits-1:0] PadCode = '0,
  parameter int Depthwise = 0,
  parameter int Rows = (KernelH - 1) * DilationH + 1 + StrideH,
  parameter Style = "auto"
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic [Lanes*Bits-1:0] in_data_i,
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  output logic [Lanes*Bits-1:0] out_data_o,
  output logic                  out_valid_o,
  input  logic                  out_ready_i
);
  localparam int SpanH = (KernelH - 1) * DilationH + 1;
  localparam int SpanW = (KernelW - 1) * DilationW + 1;
  if (Lanes < 1 || Channels % Lanes != 0) $error("bitloom_window: Lanes must divide Channels");
  if (KernelH < 1 || KernelW < 1 || StrideH < 1 || StrideW < 1 || DilationH < 1 || DilationW < 1)
    $error("bitloom_window: kernel, stride and dilation must be at least 1");
  if (PadTop < 0 || PadLeft < 0 || PadBottom < 0 || PadRight < 0) $error("bitloom_window: padding must not be negative");
  if (PadTop >= SpanH || PadBottom >= SpanH)
    $error("bitloom_window: padding above and below must be less than the rows that a window spans");
  if (InH + PadTop + PadBottom < SpanH || InW + PadLeft + PadRight < SpanW)
    $error("bitloom_window: the kernel must fit the padded picture");
  if (Rows < SpanH) $error("bitloom_window: Rows must be at least the rows that a window spans");

  localparam int Cf = Channels / Lanes;
  localparam int OutH = (InH + PadTop + PadBottom - SpanH) / StrideH + 1;
  localparam int OutW = (InW + PadLeft + PadRight - SpanW) / StrideW + 1;
  localparam int Row = InW * Cf;  // words
  localparam int Depth = Rows * Row;
  localparam int Ahead = (InH - (OutH - 1) * StrideH) * Row;  // from the last output row's first row to the next picture's
  localparam int Padded = (PadTop + PadLeft + PadBottom + PadRight > 0) ? 1 : 0;

  // Whether any window meets the picture in a direction: else output would run on without input.
  function automatic int meets(input int outs, input int stride, input int kernel, input int dilation, input int pad, input int size);
    int o, k;
    meets = 0;
    for (o = 0; o < outs; o = o + 1)
      for (k = 0; k < kernel; k = k + 1)
        if (o * stride + k * dilation >= pad && o * stride + k * dilation < pad + size) meets = 1;
  endfunction
  if (meets(OutH, StrideH, KernelH, DilationH, PadTop, InH) == 0 || meets(OutW, StrideW, KernelW, DilationW, PadLeft, InW) == 0)
    $error("bitloom_window: every window sees padding only");

  // How far the read position moves when the word loop, kx, ky, ox steps, and where a row of outputs ends; all in words. A loop
  // that steps takes back what the loops inside it have moved.
  localparam int BackX = (KernelW - 1) * DilationW * Cf;
  localparam int BackY = BackX + (KernelH - 1) * DilationH * Row;
  localparam int MoveC = (Depthwise != 0) ? 1 - BackY : 1;
  localparam int MoveX = DilationW * Cf - ((Depthwise != 0) ? 0 : Cf - 1);
  localparam int MoveY = DilationH * Row - BackX - ((Depthwise != 0) ? 0 : Cf - 1);
  localparam int MoveOx = StrideW * Cf - BackY - (Cf - 1);
  localparam int EndOfRow = (OutW - 1) * StrideW * Cf + BackY + (Cf - 1);
  localparam int Start = -PadLeft * Cf;  // of an output row, from the left end of its first picture row

  localparam int AddrBits = (Depth > 1) ? $clog2(Depth) : 1;
  localparam int LevelBits = $clog2(Depth + (2 * SpanH + 2 * StrideH + PadTop + PadBottom + 1) * Row + (PadLeft + PadRight) * Cf) + 1;

  // A move, turned forward around the ring.
  function automatic int forward(input int move);
    forward = ((move % Depth) + Depth) % Depth;
  endfunction

  // Where in its loops the next word to read is.
  localparam int CBits = $clog2(Cf) + 1;
  localparam int KxBits = $clog2(KernelW) + 1;
  localparam int KyBits = $clog2(KernelH) + 1;
  localparam int OxBits = $clog2(OutW) + 1;
  localparam int OyBits = $clog2(OutH) + 1;
  logic [CBits-1:0] c_q;
  logic [KxBits-1:0] kx_q;
  logic [KyBits-1:0] ky_q;
  logic [OxBits-1:0] ox_q;
  logic [OyBits-1:0] oy_q;
  logic c_last, kx_last, ky_last, ox_last, oy_last, step_c, step_x, step_y, step_ox, step_oy;
  assign c_last = (c_q == CBits'(Cf - 1));
  assign kx_last = (kx_q == KxBits'(KernelW - 1));
  assign ky_last = (ky_q == KyBits'(KernelH - 1));
  assign ox_last = (ox_q == OxBits'(OutW - 1));
  assign oy_last = (oy_q == OyBits'(OutH - 1));
  // Which loop steps after this word: the innermost that is not at its end.
  assign step_c = !c_last && ((Depthwise == 0) || (kx_last && ky_last));
  assign step_x = !kx_last && ((Depthwise != 0) || c_last);
  assign step_y = kx_last && !ky_last && ((Depthwise != 0) || c_last);
  assign step_ox = c_last && kx_last && ky_last && !ox_last;
  assign step_oy = c_last && kx_last && ky_last && ox_last;

  logic read, write;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      c_q <= '0;
      kx_q <= '0;
      ky_q <= '0;
      ox_q <= '0;
      oy_q <= '0;
    end else if (read) begin
      if (step_c) c_q <= c_q + 1'b1;
      else if ((Depthwise == 0) || step_ox || step_oy) c_q <= '0;
      if (step_x) kx_q <= kx_q + 1'b1;
      else if ((Depthwise != 0) || !step_c) kx_q <= '0;
      if (step_y) ky_q <= ky_q + 1'b1;
      else if (step_ox || step_oy || (Depthwise != 0 && step_c)) ky_q <= '0;
      if (step_ox) ox_q <= ox_q + 1'b1;
      else if (step_oy) ox_q <= '0;
      if (step_oy) oy_q <= oy_last ? '0 : oy_q + 1'b1;
    end
  end

  // The read position twice: as an address of the ring, and as a distance from the first row of the output row, for the
  // question whether its word has come. `level_q` is how many words from there on have come; it may be negative, when
  // rows that no window needs have been given up before they came.
  logic [AddrBits-1:0] read_q, read_step, write_q;
  logic [AddrBits:0] read_sum;
  logic signed [LevelBits-1:0] off_q, off_d, level_q, level_d;
  assign read_step = step_c ? AddrBits'(forward(MoveC)) : step_x ? AddrBits'(forward(MoveX)) :
                     step_y ? AddrBits'(forward(MoveY)) : step_ox ? AddrBits'(forward(MoveOx)) :
                     oy_last ? AddrBits'(forward(Ahead - EndOfRow)) : AddrBits'(forward(StrideH * Row - EndOfRow));
  assign read_sum = {1'b0, read_q} + {1'b0, read_step};
  assign off_d = step_oy ? LevelBits'(Start) : off_q + (step_c ? LevelBits'(MoveC) : step_x ? LevelBits'(MoveX) :
                 step_y ? LevelBits'(MoveY) : LevelBits'(MoveOx));
  always_comb begin
    level_d = level_q;
    if (read && step_oy) level_d = level_q - (oy_last ? LevelBits'(Ahead) : LevelBits'(StrideH * Row));
    if (write) level_d = level_d + 1'b1;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      read_q <= AddrBits'(forward(Start - PadTop * Row));
      off_q <= LevelBits'(Start);
      level_q <= LevelBits'(PadTop * Row);
      write_q <= '0;
    end else begin
      if (read) begin
        read_q <= (read_sum >= (AddrBits + 1)'(Depth)) ? AddrBits'(read_sum - (AddrBits + 1)'(Depth)) : read_sum[AddrBits-1:0];
        off_q <= off_d;
      end
      if (write) write_q <= (write_q == AddrBits'(Depth - 1)) ? '0 : write_q + 1'b1;
      level_q <= level_d;
    end
  end

  // Padding: the place in the picture, from its padded upper left corner.
  logic pad;
  if (Padded != 0) begin : gen_pad
    localparam int YBits = $clog2(InH + PadTop + PadBottom + 1);
    localparam int XBits = $clog2(InW + PadLeft + PadRight + 1);
    logic [YBits-1:0] y_q;
    logic [XBits-1:0] x_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        y_q <= '0;
        x_q <= '0;
      end else if (read) begin
        if (step_y) y_q <= y_q + YBits'(DilationH);
        else if (step_ox || (Depthwise != 0 && step_c)) y_q <= y_q - YBits'((KernelH - 1) * DilationH);
        else if (step_oy) y_q <= oy_last ? '0 : y_q + YBits'(StrideH) - YBits'((KernelH - 1) * DilationH);
        if (step_x) x_q <= x_q + XBits'(DilationW);
        else if (step_y || (Depthwise != 0 && step_c)) x_q <= x_q - XBits'((KernelW - 1) * DilationW);
        else if (step_ox) x_q <= x_q + XBits'(StrideW) - XBits'((KernelW - 1) * DilationW);
        else if (step_oy) x_q <= '0;
      end
    end
    logic [3:0] out;  // above, below, left, right of the picture; where there is no padding, never
    if (PadTop > 0) assign out[0] = (y_q < YBits'(PadTop));
    else assign out[0] = 1'b0;
    if (PadBottom > 0) assign out[1] = (y_q >= YBits'(PadTop + InH));
    else assign out[1] = 1'b0;
    if (PadLeft > 0) assign out[2] = (x_q < XBits'(PadLeft));
    else assign out[2] = 1'b0;
    if (PadRight > 0) assign out[3] = (x_q >= XBits'(PadLeft + InW));
    else assign out[3] = 1'b0;
    assign pad = |out;
  end else begin : gen_no_pad
    assign pad = 1'b0;
  end

  // The ring.
  logic [Lanes*Bits-1:0] word;
  logic out_valid_q, pad_q;
  assign in_ready_o = (level_q < LevelBits'(Depth));
  assign write = in_valid_i && in_ready_o;
  assign read = (pad || off_q < level_q) && (!out_valid_q || out_ready_i);
  bitloom_ram #(.Width(Lanes * Bits), .Depth(Depth), .Style(Style)) u_ring (
    .clk_i  (clk_i),
    .write_i(write),
    .waddr_i(write_q),
    .data_i (in_data_i),
    .read_i (read),
    .raddr_i(read_q),
    .data_o (word)
  );
  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_q <= 1'b0;
    else if (read || out_ready_i) out_valid_q <= read;
    if (read) pad_q <= pad;
  end
  assign out_valid_o = out_valid_q;
  assign out_data_o = pad_q ? {Lanes{PadCode}} : word;
endmodule

`default_nettype wire
