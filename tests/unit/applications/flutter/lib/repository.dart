import 'package:supabase_flutter/supabase_flutter.dart';
import 'main.dart';
import 'package:example/widgets.dart' as widgets;

class Repository {
  Repository(this._client, {this.bucket = 'covers'});
  final SupabaseClient _client;
  final String bucket;

  Future<List<dynamic>> books() async {
    return await _client.from('books').select('id, title').eq('read', false);
  }

  Stream<List<Map<String, dynamic>>> watch() =>
      supabase.from('books').stream(primaryKey: ['id']);

  Future<void> cover(String path, bytes) async {
    await _client.storage.from('covers').uploadBinary(path, bytes);
    await supabase.auth.signInWithPassword(email: 'a', password: 'b');
    final user = supabase.auth.currentUser;
    final channel = supabase.channel('room')
      ..onPostgresChanges(event: null, schema: 'public', table: 'books', callback: (p) {})
      ..subscribe();
    await supabase.functions.invoke('resize');
  }
}
