// Makes torrents by libtorrent's create_torrent with N hashing threads, for bench/create.ts.
//
// Reads lines "<profile> <piece length> <threads> <path>"; answers each with the processor milliseconds that it took.
#include <iostream>
#include <sstream>
#include <string>
#include <sys/resource.h>

#include <libtorrent/create_torrent.hpp>
#include <libtorrent/file_storage.hpp>
#include <libtorrent/settings_pack.hpp>

double processor_ms() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string profile, path;
        int piece_length, threads;
        words >> profile >> piece_length >> threads >> std::ws;
        std::getline(words, path);
        double const before = processor_ms();
        lt::file_storage files;
        lt::add_files(files, path);
        lt::create_torrent torrent(files, piece_length, profile == "v2" ? lt::create_torrent::v2_only : lt::create_flags_t{});
        lt::settings_pack settings;
        settings.set_int(lt::settings_pack::hashing_threads, threads);
        lt::error_code error;
        lt::set_piece_hashes(torrent, path.substr(0, path.rfind('/')), settings, [](lt::piece_index_t) {}, error);
        if (error) {
            std::cerr << error.message() << std::endl;
            return 1;
        }
        torrent.generate_buf();
        std::cout << processor_ms() - before << std::endl;
    }
}
