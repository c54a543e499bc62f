using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Mrq.Jobs;
using Mrq.Storage.Mongo.Driver;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>Documents as bytes: what is written is what is read.</summary>
public sealed class BsonSpec
{
    public static TheoryData<string> Texts => ["", "a", "Zürich 世界 🎉", "a\0b", "line\nline", new string('x', 100_000)];

    public static TheoryData<long> Numbers => [0, 1, -1, int.MaxValue, int.MinValue, 1L << 40, long.MaxValue, long.MinValue];

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_text_comes_back(string text) => Assert.Equal(text, Single(w => w.String("v"u8, text)).GetString());

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_number_comes_back(long number) => Assert.Equal(number, Single(w => w.Int64("v"u8, number)).GetInt64());

    [Theory]
    [InlineData(0.0)]
    [InlineData(-0.5)]
    [InlineData(double.MaxValue)]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void A_fraction_comes_back(double number) => Assert.Equal(number, Single(w => w.Double("v"u8, number)).GetDouble());

    [Fact]
    public void A_number_is_taken_from_any_type_for_numbers()
    {
        // 7.0 and -125E-1 as Decimal128: coefficient, exponent + 6176, sign.
        byte[] seven = [7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x30];
        byte[] fraction = [125, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3E, 0xB0];

        Assert.Equal(7, Single(w => w.Int32("v"u8, 7)).GetInt64());
        Assert.Equal(7, Single(w => w.Double("v"u8, 7.9)).GetInt32());
        Assert.Equal(7, Single(w => w.Raw("v"u8, BsonType.Decimal, seven)).GetInt64());
        Assert.Equal(7.0, Single(w => w.Int32("v"u8, 7)).GetDouble());
        Assert.Equal(7.0, Single(w => w.Int64("v"u8, 7)).GetDouble());
        Assert.Equal(-12.5, Single(w => w.Raw("v"u8, BsonType.Decimal, fraction)).GetDouble());
        Assert.True(Single(w => w.Int32("v"u8, 1)).GetBoolean());
        Assert.Equal(int.MaxValue, Single(w => w.Int64("v"u8, 1L << 40)).GetInt32());
    }

    [Fact]
    public void Other_values_come_back()
    {
        var id = JobId.New(new FakeClock());
        var date = new DateTimeOffset(2026, 3, 1, 12, 0, 0, 123, TimeSpan.Zero);

        Assert.True(Single(w => w.Boolean("v"u8, true)).GetBoolean());
        Assert.False(Single(w => w.Boolean("v"u8, false)).GetBoolean());
        Assert.True(Single(w => w.Null("v"u8)).IsNull);
        Assert.Null(Single(w => w.String("v"u8, null)).GetStringOrNull());
        Assert.Equal(id, Single(w => w.ObjectId("v"u8, id)).GetObjectId());
        Assert.Equal(date, Single(w => w.Date("v"u8, date.AddTicks(5))).GetDate());
        Assert.Equal(date, Single(w => w.Date("v"u8, date.ToOffset(TimeSpan.FromHours(2)))).GetDate());
        Assert.Equal([1, 0, 255], Single(w => w.Binary("v"u8, [1, 0, 255])).GetBinary().ToArray());
        Assert.Equal(9999, Single(w => w.Date("v"u8, DateTimeOffset.MaxValue)).GetDate().Year);
    }

    [Fact]
    public void A_time_beyond_what_is_known_here_is_brought_to_its_bound()
    {
        var far = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(far, long.MaxValue);

        Assert.Equal(9999, Single(w => w.Raw("v"u8, BsonType.Date, far)).GetDate().Year);
    }

    [Fact]
    public void Values_of_an_array_are_named_by_their_places()
    {
        var list = Single(w =>
        {
            w.BeginArray("v"u8);
            for (var i = 0; i < 12; i++)
            {
                w.BeginDocument(default).Int32("i"u8, i).End();
            }

            w.End();
        }).GetDocument();

        for (var i = 0; i < 12; i++)
        {
            Assert.True(list.Next());
            Assert.Equal($"{i}", Encoding.UTF8.GetString(list.Name));
            Assert.True(BsonReader.TryFind(list.Value, "i"u8, out var field));
            Assert.Equal(i, field.GetInt32());
        }

        Assert.False(list.Next());
    }

    [Fact]
    public void Values_of_types_that_MRQ_never_writes_are_passed_over()
    {
        var document = BsonWriter.Document(w => w
            .Raw("regex"u8, BsonType.Regex, "a.b\0i\0"u8)
            .Raw("code"u8, BsonType.Code, [2, 0, 0, 0, (byte)'x', 0])
            .Raw("pointer"u8, BsonType.Pointer, [1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
            .Raw("decimal"u8, BsonType.Decimal, new byte[16])
            .Raw("timestamp"u8, BsonType.Timestamp, new byte[8])
            .Raw("least"u8, BsonType.MinKey, [])
            .Raw("most"u8, BsonType.MaxKey, [])
            .Raw("undefined"u8, BsonType.Undefined, [])
            .Int32("last"u8, 5));

        Assert.True(BsonReader.TryFind(document, "last"u8, out var last));
        Assert.Equal(5, last.GetInt32());
    }

    [Fact]
    public void A_name_with_a_zero_byte_is_refused() =>
        Assert.Throws<ArgumentException>(() => BsonWriter.Document(w => w.Int32("a\0b"u8, 1)));

    [Fact]
    public void A_value_of_another_type_is_named_with_its_field()
    {
        var error = Assert.Throws<InvalidDataException>(() => Single(w => w.String("v"u8, "x")).GetInt64());

        Assert.Equal("The field v should be a number, but is of type String.", error.Message);
    }

    [Fact]
    public void Any_tree_of_values_comes_back() => Prop
        .ForAll(Trees(depth: 4).ToArbitrary(), tree =>
        {
            var document = BsonWriter.Document(w => Write(w, tree));
            return Read(new BsonReader(document)) == Text(tree);
        })
        .QuickCheckThrowOnFailure();

    [Fact]
    public void A_damaged_document_is_said_to_be_damaged()
    {
        var whole = BsonWriter.Document(w => w
            .String("text"u8, "hello").Int64("number"u8, 5).BeginDocument("inner"u8).Binary("bytes"u8, [1, 2, 3]).End()
            .Raw("regex"u8, BsonType.Regex, "a\0i\0"u8).BeginArray("list"u8).Boolean(default, true).End());
        var random = new Random(7);

        for (var i = 0; i < 20_000; i++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[random.Next(sizeof(int), damaged.Length - 1)] = (byte)random.Next(256);
            try
            {
                ReadToEnd(new BsonReader(damaged));
            }
            catch (InvalidDataException)
            {
                // The one failure that callers know.
            }
        }

        Assert.Throws<InvalidDataException>(() => new BsonReader(whole.AsSpan(0, whole.Length - 1)));
        Assert.Throws<InvalidDataException>(() => new BsonReader([]));
    }

    private static Gen<Tree> Trees(int depth) =>
        from number in ArbMap.Default.GeneratorFor<long>()
        from fraction in ArbMap.Default.GeneratorFor<double>()
        from text in ArbMap.Default.GeneratorFor<string?>()
        from flag in ArbMap.Default.GeneratorFor<bool>()
        from count in Gen.Choose(0, depth == 0 ? 0 : 3)
        from branches in depth == 0 ? Gen.Constant(Array.Empty<Tree>()) : Trees(depth - 1).ArrayOf(count)
        select new Tree(number, fraction, text, flag, branches);

    private static void ReadToEnd(BsonReader reader)
    {
        while (reader.Next())
        {
            if (reader.Type is BsonType.Document or BsonType.Array)
            {
                ReadToEnd(reader.GetDocument());
            }
        }
    }

    private static BsonReader Single(Action<BsonWriter> write)
    {
        var reader = new BsonReader(BsonWriter.Document(write));
        Assert.True(reader.Next());
        return reader;
    }

    private static void Write(BsonWriter writer, Tree tree)
    {
        writer.Int64("number"u8, tree.Number).Double("fraction"u8, tree.Fraction).String("text"u8, tree.Text).Boolean("flag"u8, tree.Flag);
        writer.BeginArray("branches"u8);
        foreach (var branch in tree.Branches)
        {
            writer.BeginDocument(default);
            Write(writer, branch);
            writer.End();
        }

        writer.End();
    }

    private static string Text(Tree tree) =>
        $"{tree.Number} {tree.Fraction:R} {tree.Text ?? "null"} {tree.Flag} [{string.Concat(tree.Branches.Select(Text))}]";

    private static string Read(BsonReader reader)
    {
        reader.Next();
        var number = reader.GetInt64();
        reader.Next();
        var fraction = reader.GetDouble();
        reader.Next();
        var text = reader.GetStringOrNull();
        reader.Next();
        var flag = reader.GetBoolean();
        reader.Next();
        var branches = new StringBuilder();
        for (var list = reader.GetDocument(); list.Next();)
        {
            branches.Append(Read(list.GetDocument()));
        }

        return $"{number} {fraction:R} {text ?? "null"} {flag} [{branches}]";
    }

    public sealed record Tree(long Number, double Fraction, string? Text, bool Flag, Tree[] Branches);
}
